import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeWorkflows } from '../../aws/workflows.ts';
import type { Json, Workflows } from '../../core/ports.ts';
import { type FakeService, fakeService, fault, jsonOf, ok } from './fake-service.ts';

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
