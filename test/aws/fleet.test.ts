import { ECSClient } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeFleet } from '../../aws/fleet.ts';
import { tokenOf } from '../../core/hash.ts';
import type { Fleet, LaunchRequest } from '../../core/ports.ts';
import { type FakeService, fakeService, fault, jsonOf, ok } from './fake-service.ts';

const arnOf = (id: string): string => `arn:aws:ecs:us-east-1:123456789012:task/town/${id}`;
const request: LaunchRequest = {
  kind: 'polecat',
  clientToken: tokenOf('gh-7k2m9q-3@1'),
  environment: { GASTOWN_BEAD: 'gh-7k2m9q-3' },
  cpuUnits: 1024,
  memoryMiB: 2048,
};

describe('the fleet’s use of ECS', () => {
  let service: FakeService;
  let client: ECSClient;
  let fleet: Fleet;
  beforeAll(async () => {
    service = await fakeService();
    client = new ECSClient(service.settings);
    fleet = makeFleet(client, {
      cluster: 'town',
      taskDefinitions: { polecat: 'town-polecat', gate: 'town-gate' },
      container: 'harness',
      subnets: ['subnet-1', 'subnet-2'],
      securityGroups: ['sg-1'],
      publicIp: true,
      capacity: 'FARGATE_SPOT',
    });
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  test('a launch runs one task of its kind, with the environment and the token that make it one', async () => {
    service.willAnswer(ok({ tasks: [{ taskArn: arnOf('abc') }], failures: [] }));
    expect(await fleet.launch(request)).toEqual({ ok: true, taskId: 'abc' });
    expect(jsonOf(service.seen[0])).toMatchObject({
      cluster: 'town',
      taskDefinition: 'town-polecat',
      clientToken: request.clientToken,
      count: 1,
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
      networkConfiguration: {
        awsvpcConfiguration: { subnets: ['subnet-1', 'subnet-2'], securityGroups: ['sg-1'], assignPublicIp: 'ENABLED' },
      },
      overrides: {
        cpu: '1024',
        memory: '2048',
        containerOverrides: [{ name: 'harness', environment: [{ name: 'GASTOWN_BEAD', value: 'gh-7k2m9q-3' }] }],
      },
    });
    expect(request.clientToken.length).toBeLessThanOrEqual(64);
  });

  test('a task in a private subnet has no address of its own, and on demand it needs no capacity provider', async () => {
    const config = { cluster: 'town', taskDefinitions: { polecat: 'p', gate: 'g' }, container: 'harness' };
    const network = { subnets: ['subnet-1'], securityGroups: ['sg-1'], publicIp: false };
    service.willAnswer(ok({ tasks: [{ taskArn: arnOf('private') }], failures: [] }));
    await makeFleet(client, { ...config, ...network, capacity: 'FARGATE' }).launch(request);
    expect(jsonOf(service.seen.at(-1))).toMatchObject({
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { assignPublicIp: 'DISABLED' } },
    });
  });

  test.each([
    [
      'a failure for want of capacity',
      ok({ tasks: [], failures: [{ reason: 'Capacity is unavailable at this time.' }] }),
    ],
    ['a failure for want of memory', ok({ tasks: [], failures: [{ arn: 'arn:x', reason: 'RESOURCE:MEMORY' }] })],
    ['throttling', fault('ThrottlingException')],
    ['the quota of tasks', fault('LimitExceededException')],
    [
      'the quota of vCPUs',
      fault('ClientException', { message: 'You’ve reached the limit on the number of vCPUs you can run concurrently' }),
    ],
  ])('%s is no attempt, but a lack of room', async (_, answer) => {
    service.willAnswer(answer);
    expect(await fleet.launch(request)).toMatchObject({ ok: false, reason: 'capacity', detail: expect.any(String) });
  });

  test.each([
    ['no right', fault('AccessDeniedException')],
    ['no cluster', fault('ClusterNotFoundException')],
    ['no task definition', fault('ClientException', { message: 'TaskDefinition not found.' })],
    ['wrong parameters', fault('InvalidParameterException', { message: 'No Container Instances were found' })],
    ['a blocked account', fault('BlockedException')],
    ['an inactive definition', ok({ tasks: [], failures: [{ reason: 'INACTIVE', detail: 'town-polecat:1' }] })],
  ])('%s will be so the next time, and is refused', async (_, answer) => {
    service.willAnswer(answer);
    expect(await fleet.launch(request)).toMatchObject({ ok: false, reason: 'refused' });
  });

  test.each([
    ['a failing service', fault('ServerException', {}, 500)],
    ['silence', 'say nothing'],
  ] as const)('after %s the task may run: the launch is worth repeating', async (_, reaction) => {
    service.willAnswer(reaction);
    await expect(fleet.launch(request)).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test('a token that has launched a task with other parameters gives that task', async () => {
    service.willAnswer(fault('ConflictException', { resourceIds: [arnOf('first')] }));
    expect(await fleet.launch(request)).toEqual({ ok: true, taskId: 'first' });
  });

  test('tasks are told in the order of the question, forgotten ones as absent', async () => {
    service.willAnswer(
      ok({
        tasks: [
          { taskArn: arnOf('c'), lastStatus: 'RUNNING' },
          {
            taskArn: arnOf('a'),
            lastStatus: 'STOPPED',
            stopCode: 'EssentialContainerExited',
            stoppedReason: 'Essential container in task exited',
            containers: [{ exitCode: 137, reason: 'OutOfMemoryError: container killed' }],
          },
          { taskArn: arnOf('d'), lastStatus: 'PROVISIONING' },
        ],
        failures: [{ arn: arnOf('b'), reason: 'MISSING' }],
      }),
    );
    expect(await fleet.list(['a', 'b', 'c', 'd', 'a'])).toEqual([
      {
        taskId: 'a',
        state: 'stopped',
        exitCode: 137,
        detail: 'EssentialContainerExited: Essential container in task exited: OutOfMemoryError: container killed',
      },
      { taskId: 'b', state: 'absent' },
      { taskId: 'c', state: 'running' },
      { taskId: 'd', state: 'starting' },
      expect.objectContaining({ taskId: 'a', state: 'stopped' }),
    ]);
    expect(jsonOf(service.seen[0])).toEqual({ cluster: 'town', tasks: ['a', 'b', 'c', 'd'] });
  });

  test('a task whose host was taken away says so: it is not to blame', async () => {
    service.willAnswer(ok({ tasks: [{ taskArn: arnOf('a'), lastStatus: 'STOPPED', stopCode: 'SpotInterruption' }] }));
    expect(await fleet.list(['a'])).toMatchObject([{ state: 'stopped', hostLost: true }]);
  });

  test('a question about no task, or over 100, is refused', async () => {
    await expect(fleet.list([])).rejects.toMatchObject({ name: 'PortRefused' });
    await expect(fleet.list(Array.from({ length: 101 }, String))).rejects.toMatchObject({ name: 'PortRefused' });
  });

  test('a task that ECS cannot tell about is an error, not an absent task', async () => {
    service.willAnswer(ok({ tasks: [], failures: [{ arn: arnOf('a'), reason: 'ACCESS_DENIED' }] }));
    await expect(fleet.list(['a'])).rejects.toThrow('ACCESS_DENIED');
    service.willAnswer(fault('ClusterNotFoundException'));
    await expect(fleet.list(['a'])).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
  });

  test('a task is stopped once, and an unknown one is stopped already', async () => {
    service.willAnswer(ok({ task: {} }));
    await fleet.stop('a', 'superseded'.repeat(100));
    expect(jsonOf(service.seen[0])).toMatchObject({
      cluster: 'town',
      task: 'a',
      reason: expect.stringMatching(/^.{255}$/),
    });
    service.willAnswer(fault('InvalidParameterException', { message: 'The referenced task was not found.' }));
    await fleet.stop('a', 'superseded');
    service.willAnswer(fault('InvalidParameterException', { message: 'Cluster name is invalid.' }));
    await expect(fleet.stop('a', 'superseded')).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});
