/** Reads what is particular to a Task: which service it calls, with what, and how long it may take. */
import type { Fields } from './fields.ts';
import type { Service, StateOf } from './machine.ts';
import { type Around, optional, readNumber, readTemplate } from './read-parts.ts';

const services: readonly Service[] = ['lambda:invoke', 'sqs:sendMessage'];

const argumentsOf = {
  'lambda:invoke': { required: ['FunctionName'], optional: ['Payload'] },
  'sqs:sendMessage': {
    required: ['QueueUrl', 'MessageBody'],
    optional: ['DelaySeconds', 'MessageGroupId', 'MessageDeduplicationId'],
  },
} as const;

type Call = Pick<StateOf<'Task'>, 'service' | 'waitsForToken' | 'arguments' | 'timeoutSeconds' | 'heartbeatSeconds'>;

export function readTask(fields: Fields, around: Around): Call {
  const { service, waitsForToken } = readResource(fields);
  if (!fields.has('Arguments')) fields.required('Arguments');
  checkArguments(fields, service, waitsForToken);
  const timeoutSeconds = readNumber(fields, 'TimeoutSeconds', around, 1);
  const heartbeatSeconds = readNumber(fields, 'HeartbeatSeconds', around, 1);
  const [timeout, heartbeat] = [timeoutSeconds?.constant, heartbeatSeconds?.constant];
  if (typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout) {
    fields.fault('HeartbeatSeconds', `is ${heartbeat}, which must be less than TimeoutSeconds, ${timeout}`);
  }
  return {
    service,
    waitsForToken,
    arguments: readTemplate(fields, 'Arguments', around, ['input', 'context']) ?? { evaluate: async () => null },
    ...optional('timeoutSeconds', timeoutSeconds),
    ...optional('heartbeatSeconds', heartbeatSeconds),
  };
}

function readResource(fields: Fields): { service: Service; waitsForToken: boolean } {
  const resource = fields.required('Resource');
  const match = /^arn:[a-z-]+:states:::([a-z]+:[A-Za-z]+)(\.waitForTaskToken)?$/.exec(String(resource));
  const service = services.find((known) => known === match?.[1]);
  if (resource !== undefined && !service) {
    const known = services.map((name) => `arn:aws:states:::${name}[.waitForTaskToken]`).join(', ');
    fields.fault('Resource', `${JSON.stringify(resource)} is not known here; one of: ${known}`);
  }
  return { service: service ?? 'lambda:invoke', waitsForToken: match?.[2] !== undefined };
}

function checkArguments(fields: Fields, service: Service, waitsForToken: boolean): void {
  const args = fields.object('Arguments');
  if (!args) return;
  const known = argumentsOf[service];
  for (const name of known.required) args.required(name);
  for (const name of known.optional) args.take(name);
  const body = args.raw.MessageBody;
  if (
    service === 'sqs:sendMessage' &&
    body !== undefined &&
    (typeof body !== 'object' || body === null || Array.isArray(body))
  ) {
    args.fault('MessageBody', 'must be an object: the queues carry JSON');
  }
  args.finish();
  const mentionsToken = JSON.stringify(args.raw).includes('Task.Token');
  if (waitsForToken && !mentionsToken)
    fields.fault('Arguments', 'pass $states.context.Task.Token to nobody, so nobody can answer');
  if (!waitsForToken && mentionsToken) fields.fault('Arguments', 'there is a Task.Token only with .waitForTaskToken');
}
