import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { hookBead } from '../../../core/polecats/hook.ts';
import type { Beat, Polecat } from '../../../core/polecats/polecat.ts';
import type { Item, Ledger, TaskState } from '../../../core/ports.ts';
import { asJson, create, recordOf } from '../../../core/step.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { watchPolecat } from '../../../lambdas/witness/watch-polecat.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf, idOf, t0 } from '../../core/fixtures.ts';

let now = t0;
const clock = { now: () => now, sleep: async () => {} };
let ledger: Ledger & { close(): Promise<void> };
let asked: number;
beforeEach(async () => {
  now = t0;
  asked = 0;
  ledger = await openLedger({ clock });
});
afterEach(() => ledger.close());

/** Nux works on bead 1 as task `t`, and has just beaten. */
async function atWork(): Promise<void> {
  const was = beadOf(1, { run: 1, admittedAt: now });
  const { bead, polecat } = hookBead(was, { name: 'Nux', token: 'tok', tokenHash: '' }, now);
  const quiet = { costUsd: 0, outputBytes: 1, tail: '', logChunks: [] };
  const beat: Beat = { bead: bead.id, attempt: 1, at: now, activeAt: now, state: 'working', step: 'agent', ...quiet };
  await ledger.commit({
    id: 'hooked',
    changes: [
      create(was, { ...bead, status: 'in_progress' }),
      create(keys.capacity(), { working: { greenhouse: 1 } }),
      create(keys.polecat('Nux'), { ...polecat, taskId: 't' }),
      { put: { ...keys.beat('Nux'), body: asJson(beat) }, expect: { any: true } },
    ],
  });
}

const watch = (because: Parameters<typeof watchPolecat>[2], state: TaskState['state'] = 'running') => {
  const fleet = {
    launch: undefined as never,
    stop: undefined as never,
    list: async (taskIds: readonly string[]) => {
      asked += 1;
      return taskIds.map((taskId) => ({ taskId, state }));
    },
  };
  const deps = { ledger, fleet, clock, ids: realIds(clock) };
  return watchPolecat(deps, { bead: idOf(1), attempt: 1 }, because);
};
const outcome = async () => (await load.bead(ledger, idOf(1)))?.body.outcome;

describe('a polecat whose deadline has passed', () => {
  test('and that has beaten since costs no question to ECS, and has a new deadline', async () => {
    await atWork();
    now += limits.heartbeatLateMs - 1;
    await watch('patrol', 'stopped');
    expect(asked).toBe(0);
    expect(await outcome()).toBeUndefined();
    expect((await load.polecat(ledger, 'Nux'))?.attentionAt).toBe(t0 + limits.heartbeatLateMs);
  });

  test('and that has not beaten is dead at once if ECS says that its task is', async () => {
    await atWork();
    now += limits.heartbeatLateMs;
    await watch('patrol', 'stopped');
    expect(asked).toBe(1);
    expect(await outcome()).toMatchObject({ kind: 'failed', cause: 'lost' });
    expect((await load.capacity(ledger))?.body.working).toEqual({});
  });
});

test.each(['task_stopped', 'town_restarted'] as const)('%s is believed over a beat of this moment', async (because) => {
  await atWork();
  await watch(because, 'stopped');
  expect(asked).toBe(1);
  expect(await outcome()).toMatchObject({ kind: 'failed' });
  expect(recordOf(await ledger.get(keys.polecat('Nux')))).toBeUndefined();
});

test('a record whose bead has gone on is removed, and never that of another bead’s polecat with its name', async () => {
  await atWork();
  const nux = await ledger.get(keys.polecat('Nux'));
  const stale = { ...nux, body: asJson({ ...recordOf<Polecat>(nux)?.body, bead: idOf(7) }) } as Item;
  let reads = 0;
  const behind: Ledger = {
    ...ledger,
    get: async (key) => (key.sk === 'STATE' && reads++ === 0 ? stale : ledger.get(key)),
  };
  const deps = { ledger: behind, fleet: undefined as never, clock, ids: realIds(clock) };
  await watchPolecat(deps, keys.polecat('Nux'), 'patrol');
  expect(await ledger.get(keys.polecat('Nux'))).toEqual(nux);
});
