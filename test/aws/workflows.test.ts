import { CreateStateMachineCommand, DeleteStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeWorkflows } from '../../aws/workflows.ts';
import type { Json, Workflows } from '../../core/ports.ts';
import { fresh } from '../contract/fresh.ts';
import { type ContractCall, contractDefinition, workflowsContract } from '../contract/workflows-contract.ts';
import { endpointSettings, onAws, onEmulator } from './endpoint.ts';
import { type FakeService, fakeService, fault, jsonOf, ok } from './fake-service.ts';

interface Definition {
  readonly States: Readonly<
    Record<string, { readonly Resource: string; readonly Arguments: { readonly Payload: Json } }>
  >;
}

/** The contract's machine, asking a queue instead of a function: what needs no code in the account. */
function definitionFor(QueueUrl: string): string {
  const definition = JSON.parse(contractDefinition) as Definition;
  const States = Object.fromEntries(
    Object.entries(definition.States).map(([name, state]) => {
      const Resource = state.Resource.replace('lambda:invoke', 'sqs:sendMessage');
      const timeout = onEmulator && name === 'Ask' ? { TimeoutSeconds: 3600 } : {};
      return [name, { ...state, ...timeout, Resource, Arguments: { QueueUrl, MessageBody: state.Arguments.Payload } }];
    }),
  );
  return JSON.stringify({ ...definition, States });
}

/** Of MiniStack, which is therefore given a constant where the contract has an expression. */
const gaps = {
  'a token that comes after its time-out is gone': 'it knows no expression in TimeoutSeconds',
  'a stopped execution is aborted, its token gone; stopping again, or nothing, is fine':
    'the token of a stopped execution is still taken',
};

/** AWS checks that the role may send to the queue; an emulator takes any. */
const roleArn = process.env.GASTOWN_AWS_ROLE_ARN ?? 'arn:aws:iam::000000000000:role/contract';

onAws(() => {
  workflowsContract(
    'on Step Functions',
    async () => {
      const client = new SFNClient(endpointSettings());
      const sqs = new SQSClient(endpointSettings());
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: fresh('calls') }));
      const { stateMachineArn = '' } = await client.send(
        new CreateStateMachineCommand({ name: fresh('contract'), definition: definitionFor(QueueUrl), roleArn }),
      );
      const seen: ContractCall[] = [];
      return {
        workflows: makeWorkflows(client, { machines: { contract: stateMachineArn } }),
        machine: 'contract',
        async calls() {
          const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
          for (const { Body = '', ReceiptHandle } of Messages) {
            seen.push(JSON.parse(Body) as ContractCall);
            await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
          }
          return seen;
        },
        async dispose() {
          await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
          await sqs.send(new DeleteQueueCommand({ QueueUrl }));
          client.destroy();
          sqs.destroy();
        },
      };
    },
    { withinMs: 4000, gaps: onEmulator ? gaps : {} },
  );
});

const machineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:town-molecule';
const executionArn = 'arn:aws:states:us-east-1:123456789012:execution:town-molecule:gh-7k2m9q-3_1';

describe('the workflows’ use of Step Functions', () => {
  let service: FakeService;
  let client: SFNClient;
  let workflows: Workflows;
  beforeAll(async () => {
    service = await fakeService();
    client = new SFNClient(service.settings);
    workflows = makeWorkflows(client, { machines: { molecule: machineArn } });
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  const start = (name = 'gh-7k2m9q-3_1', input: Json = { bead: 'gh-7k2m9q-3' }) =>
    workflows.start('molecule', name, input);

  test('an execution is started by its name, and found by it', async () => {
    service.willAnswer(ok({ executionArn, startDate: 1 }), ok({ executionArn, status: 'RUNNING', startDate: 1 }));
    expect(await start()).toBe('started');
    expect(await workflows.describe('molecule', 'gh-7k2m9q-3_1')).toBe('running');
    expect(service.seen.map(jsonOf)).toEqual([
      { stateMachineArn: machineArn, name: 'gh-7k2m9q-3_1', input: '{"bead":"gh-7k2m9q-3"}' },
      { executionArn },
    ]);
  });

  test('an execution that exists is not an error', async () => {
    service.willAnswer(fault('ExecutionAlreadyExists'));
    expect(await start()).toBe('exists');
  });

  test.each([
    ['RUNNING', 'running'],
    ['PENDING_REDRIVE', 'running'],
    ['SUCCEEDED', 'succeeded'],
    ['FAILED', 'failed'],
    ['TIMED_OUT', 'timed_out'],
    ['ABORTED', 'aborted'],
  ])('%s is described as %s', async (status, told) => {
    service.willAnswer(ok({ executionArn, status, startDate: 1 }));
    expect(await workflows.describe('molecule', 'x')).toBe(told);
  });

  test('an execution that does not exist is absent, and stopped', async () => {
    service.willAnswer(fault('ExecutionDoesNotExist'));
    expect(await workflows.describe('molecule', 'x')).toBe('absent');
    await workflows.stop('molecule', 'x', 'superseded');
    expect(service.seen.map(({ operation }) => operation)).toEqual(['DescribeExecution', 'StopExecution']);
  });

  test('stopping what has ended is done already, also where the service says so as an error', async () => {
    service.willAnswer(fault('ValidationException', { message: 'Execution is not running' }));
    await workflows.stop('molecule', 'x', 'superseded');
    service.willAnswer(fault('ValidationException', { message: 'Invalid ARN' }));
    await expect(workflows.stop('molecule', 'x', 'superseded')).rejects.toThrow('Invalid ARN');
  });

  test.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])('after %s the token is gone', async (type) => {
    service.willAnswer(fault(type));
    expect(await workflows.succeed('token', null)).toBe('gone');
    expect(await workflows.fail('token', 'E', 'why')).toBe('gone');
  });

  test('a token that is waited for is done', async () => {
    service.willAnswer(ok());
    expect(await workflows.succeed('token', { a: 1 })).toBe('done');
    expect(await workflows.fail('token', 'E'.repeat(300), 'c'.repeat(40_000))).toBe('done');
    expect(service.seen.map(jsonOf)).toEqual([
      { taskToken: 'token', output: '{"a":1}' },
      { taskToken: 'token', error: 'E'.repeat(256), cause: 'c'.repeat(32_768) },
    ]);
  });

  test.each(['ThrottlingException', 'ExecutionLimitExceeded', 'KmsThrottlingException'])(
    '%s is worth repeating',
    async (type) => {
      service.willAnswer(fault(type));
      await expect(start()).rejects.toMatchObject({ name: 'Unavailable' });
    },
  );

  test('a failing service is worth repeating, also for a token', async () => {
    service.willAnswer(fault('InternalFailure', {}, 500));
    await expect(workflows.succeed('token', null)).rejects.toMatchObject({ name: 'Unavailable' });
    await expect(workflows.describe('molecule', 'x')).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test('what Step Functions refuses every time is refused', async () => {
    service.willAnswer(fault('InvalidExecutionInput'));
    await expect(start()).rejects.toMatchObject({ name: 'PortRefused' });
    service.willAnswer(ok());
    for (const name of ['', 'a.b', 'a b', 'é', 'x'.repeat(81)]) {
      await expect(start(name)).rejects.toMatchObject({ name: 'PortRefused' });
    }
    await expect(start('x', 'x'.repeat(256 * 1024))).rejects.toMatchObject({ name: 'PortRefused' });
    await expect(workflows.start('molecule', 'x', undefined as unknown as Json)).rejects.toMatchObject({
      name: 'PortRefused',
    });
    await expect(workflows.start('no-machine', 'x', 1)).rejects.toMatchObject({ name: 'PortRefused' });
    expect(service.seen).toHaveLength(0);
  });

  test('a state machine that is gone is an error for the operator', async () => {
    service.willAnswer(fault('StateMachineDoesNotExist'));
    await expect(start()).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
  });
});
