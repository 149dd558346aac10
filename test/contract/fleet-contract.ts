/** What every fleet does, whatever runs its tasks. */
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { Fleet, LaunchRequest, TaskState } from '../../core/ports.ts';
import { claims, type Gaps } from './gaps.ts';

export interface FleetUnderTest {
  readonly fleet: Fleet;
  /** A task that ends by itself with status 0, and one that runs until it is stopped. Each call: another task. */
  readonly short: () => LaunchRequest;
  readonly long: () => LaunchRequest;
  readonly close: () => Promise<void>;
}

async function stateOf(fleet: Fleet, taskId: string): Promise<TaskState> {
  const [state] = await fleet.list([taskId]);
  if (!state) throw new Error('list answered nothing');
  return state;
}

async function stopped(fleet: Fleet, taskId: string): Promise<TaskState> {
  for (;;) {
    const state = await stateOf(fleet, taskId);
    if (state.state === 'stopped') return state;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function launched(fleet: Fleet, request: LaunchRequest): Promise<string> {
  const result = await fleet.launch(request);
  if (!result.ok) throw new Error(`not launched: ${result.detail}`);
  return result.taskId;
}

export function fleetContract(name: string, open: () => Promise<FleetUnderTest>, gaps: Gaps = {}): void {
  describe(`the fleet, ${name}`, () => {
    const claim = claims(gaps);
    let under: FleetUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    claim('a task runs, ends, and is remembered with its exit status', async () => {
      const { fleet, short } = under;
      const taskId = await launched(fleet, short());
      expect(await stopped(fleet, taskId)).toMatchObject({ taskId, state: 'stopped', exitCode: 0 });
    });

    claim('the same token is the same task, while it runs and after it ended', async () => {
      const { fleet, long } = under;
      const request = long();
      const taskId = await launched(fleet, request);
      expect(await launched(fleet, request)).toBe(taskId);
      await fleet.stop(taskId, 'enough');
      await stopped(fleet, taskId);
      expect(await launched(fleet, request)).toBe(taskId);
      expect((await stateOf(fleet, taskId)).state).toBe('stopped');
    });

    claim('the same token with another environment does not start a second task', async () => {
      const { fleet, short, long } = under;
      const request = short();
      const taskId = await launched(fleet, request);
      expect(await launched(fleet, { ...long(), clientToken: request.clientToken })).toBe(taskId);
      await stopped(fleet, taskId);
    });

    claim('a stop ends a task, once more changes nothing, and an unknown task is stopped already', async () => {
      const { fleet, long } = under;
      const taskId = await launched(fleet, long());
      await fleet.stop(taskId, 'enough');
      await stopped(fleet, taskId);
      await fleet.stop(taskId, 'enough');
      await fleet.stop('0'.repeat(32), 'never was');
    });

    claim('states come in the order asked for, repeated ids too, and what is not known is absent', async () => {
      const { fleet, short } = under;
      const taskId = await launched(fleet, short());
      await stopped(fleet, taskId);
      const unknown = '0'.repeat(32);
      const states = await fleet.list([unknown, taskId, unknown, taskId]);
      expect(states.map((state) => [state.taskId, state.state])).toEqual([
        [unknown, 'absent'],
        [taskId, 'stopped'],
        [unknown, 'absent'],
        [taskId, 'stopped'],
      ]);
    });

    claim('no task, or more than 100, cannot be asked for at once', async () => {
      const { fleet } = under;
      await expect(fleet.list([])).rejects.toThrow('TASKS_OUT_OF_RANGE');
      await expect(fleet.list(Array.from({ length: 101 }, (_, i) => `task-${i}`))).rejects.toThrow(
        'TASKS_OUT_OF_RANGE',
      );
    });
  });
}
