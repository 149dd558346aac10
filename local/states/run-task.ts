/** One attempt at a Task: the call, its token, its time-out and its heartbeat; the first to speak decides. */

import { createHash } from 'node:crypto';
import { Unavailable } from '../../core/errors.ts';
import type { Json, Message } from '../../core/ports.ts';
import { functionFault, queryFault, StateFault } from './fault.ts';
import { uuid } from './functions.ts';
import type { Service, StateOf } from './machine.ts';
import { isObject, sized } from './template.ts';
import { envOf, type Run, type Visit, wholeNumber } from './visit.ts';

export async function runTask(visit: Visit<StateOf<'Task'>>): Promise<Json> {
  const { run, state, position } = visit;
  const token = state.waitsForToken ? run.ids.secret() : undefined;
  const env = envOf(visit, token === undefined ? {} : { Task: { Token: token } });
  const args = sized(await state.arguments.evaluate(env), `Arguments of state "${state.name}"`);
  const timeout = await wholeNumber(state.timeoutSeconds, env, 1, 'TimeoutSeconds');
  const heartbeat = await wholeNumber(state.heartbeatSeconds, env, 1, 'HeartbeatSeconds');
  if (timeout !== undefined && heartbeat !== undefined && heartbeat >= timeout) {
    throw new StateFault('States.Runtime', `HeartbeatSeconds ${heartbeat} is not less than TimeoutSeconds ${timeout}`);
  }

  return position.scope.wait<Json>((resolve, reject) => {
    const undo: (() => void)[] = [];
    const after = (seconds: number, error: string): (() => void) =>
      run.timers.at(run.clock.now() + 1000 * seconds, () =>
        reject(new StateFault(error, `state "${state.name}" after ${seconds} s`)),
      );
    if (timeout !== undefined) undo.push(after(timeout, 'States.Timeout'));
    let stopHeartbeat = heartbeat === undefined ? undefined : after(heartbeat, 'States.HeartbeatTimeout');
    undo.push(() => stopHeartbeat?.());
    if (token !== undefined) {
      const beat = (): void => {
        stopHeartbeat?.();
        if (heartbeat !== undefined) stopHeartbeat = after(heartbeat, 'States.HeartbeatTimeout');
      };
      const fail = (error: string, cause: string): void => reject(new StateFault(error, cause));
      undo.push(run.await(token, { succeed: resolve, fail, beat }));
    }
    call(run, state.service, args).then((result) => {
      if (token === undefined) resolve(result);
    }, reject);
    return () => {
      for (const act of undo) act();
    };
  });
}

const call = (run: Run, service: Service, args: Json): Promise<Json> =>
  service === 'lambda:invoke' ? invoke(run, fieldsOf(args)) : sendMessage(run, fieldsOf(args));

const fieldsOf = (args: Json): { readonly [name: string]: Json } => (isObject(args) ? args : {});

/** A text that the caller may change as it likes; the run keeps its own. */
const copy = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;

async function invoke(run: Run, { FunctionName, Payload }: { readonly [name: string]: Json }): Promise<Json> {
  const functionName = text('FunctionName', FunctionName);
  try {
    const answer: Json | undefined = await run.invoke(functionName, copy(Payload ?? {}));
    return { ExecutedVersion: '$LATEST', Payload: copy(answer ?? null), StatusCode: 200 };
  } catch (thrown) {
    throw functionFault(thrown);
  }
}

async function sendMessage(run: Run, args: { readonly [name: string]: Json }): Promise<Json> {
  const { QueueUrl, MessageBody = null, DelaySeconds, MessageGroupId, MessageDeduplicationId } = args;
  const message: Message = {
    queue: text('QueueUrl', QueueUrl),
    body: copy(MessageBody),
    ...(DelaySeconds === undefined ? {} : { delaySeconds: Number(DelaySeconds) }),
    ...(MessageGroupId === undefined ? {} : { group: text('MessageGroupId', MessageGroupId) }),
    ...(MessageDeduplicationId === undefined ? {} : { dedup: text('MessageDeduplicationId', MessageDeduplicationId) }),
  };
  try {
    await run.send(message);
  } catch (thrown) {
    const error = thrown instanceof Unavailable ? 'SQS.SdkClientException' : 'SQS.AmazonSQSException';
    throw new StateFault(error, thrown instanceof Error ? thrown.message : String(thrown));
  }
  const md5 = createHash('md5').update(JSON.stringify(MessageBody)).digest('hex');
  return { MD5OfMessageBody: md5, MessageId: uuid(run.ids) };
}

function text(field: string, value: Json | undefined): string {
  if (typeof value === 'string' && value !== '') return value;
  throw queryFault(`${field}: ${JSON.stringify(value)} is not a text`);
}
