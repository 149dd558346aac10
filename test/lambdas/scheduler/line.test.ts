import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { keys } from '../../../core/keys.ts';
import type { Ledger } from '../../../core/ports.ts';
import { standInLine } from '../../../core/scheduler/line.ts';
import { asJson, create } from '../../../core/step.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { makeTick } from '../../../lambdas/scheduler/scheduler.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf, idOf, t0 } from '../../core/fixtures.ts';

let stored: Ledger & { close(): Promise<void> };
beforeEach(async () => {
  stored = await openLedger({ clock: realClock });
});
afterEach(() => stored.close());

/** A rig with this many slots, beads in line for it, and places before them whose beads are gone. */
async function lined(slots: number, beads: number, stale = 0): Promise<void> {
  const settings = { 'polecats.max': slots };
  const rig = { name: 'greenhouse', url: '/r', prefix: 'gh', defaultBranch: 'main', settings, addedAt: t0 };
  await stored.commit({ id: 'rig', changes: [create(keys.rig('greenhouse'), rig)] });
  for (let n = 1; n <= stale + beads; n += 1) {
    const { bead, change } = standInLine(beadOf(n).body, t0 + n);
    if (n <= stale) await stored.commit({ id: `stale${n}`, changes: [change] });
    else await stored.commit({ id: `bead${n}`, changes: [create(keys.bead(bead.id), bead), change] });
  }
}

/** One tick; answers how many beads it read. */
async function tick(): Promise<number> {
  let read = 0;
  const ledger: Ledger = {
    ...stored,
    get: (key) => {
      if (key.sk.startsWith('BEAD#')) read += 1;
      return stored.get(key);
    },
  };
  const deps = { ledger, clock: realClock, ids: realIds(realClock), log: () => {} };
  await makeTick({ ...deps, caps: { polecatsPerTown: 100, dayBudgetUsd: 10 } })('greenhouse');
  return read;
}

async function admitted(count: number): Promise<number[]> {
  const beads = await Promise.all(Array.from({ length: count }, (_, i) => load.bead(stored, idOf(i + 1))));
  return beads.flatMap((item) => (item?.body.admittedAt === undefined ? [] : [(item.body as Bead).n]));
}

describe('a tick of the scheduler', () => {
  test('reads of the line what there is room for, and one more, however long the line is', async () => {
    await lined(1, 40);
    expect(await tick()).toBe(2);
    expect(await admitted(40)).toEqual([1]);
    expect(await tick()).toBe(1);
  });

  test('admits a line longer than one commit to its end', async () => {
    await lined(40, 30);
    await tick();
    expect(await admitted(30)).toHaveLength(30);
  });

  test.each([2, 5])('fills every slot, though %i places of beads that are gone stand before', async (stale) => {
    await lined(3, 6, stale);
    await tick();
    expect(await admitted(stale + 6)).toEqual([stale + 1, stale + 2, stale + 3]);
    const places = await stored.query('RIG#greenhouse', { prefix: 'READY#' });
    expect(places.items).toHaveLength(3);
  });

  test('takes the head of the line first, though it came last', async () => {
    await lined(1, 3);
    const urgent = standInLine({ ...beadOf(9).body, priority: 0 }, t0);
    const put = { put: { ...keys.bead(idOf(9)), body: asJson(urgent.bead) }, expect: { absent: true } } as const;
    await stored.commit({ id: 'urgent', changes: [put, urgent.change] });
    await tick();
    expect(await admitted(9)).toEqual([9]);
  });
});
