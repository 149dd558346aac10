import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Bead } from '../../../core/convoys/bead.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Item } from '../../../core/ports.ts';
import { admit, type Caps, type Seen } from '../../../core/scheduler/admit.ts';
import { virtualTimeOf } from '../../../core/scheduler/line.ts';
import { breakerOpen, type Capacity, withFailure, withSlots } from '../../../core/scheduler/records.ts';
import { beadOf, idOf, itemOf, putAt, t0 } from '../fixtures.ts';

const caps: Caps = { rig: 'greenhouse', polecatsPerRig: 8, polecatsPerTown: 32, dayBudgetUsd: 10 };
const empty: Seen = { switch: undefined, breaker: undefined, capacity: undefined, budget: undefined, line: [] };

const inLine = (n: number, over: Partial<Bead> = {}): Seen['line'][number] => {
  const bead = beadOf(n, { inLine: t0 + n, readyAt: t0, ...over });
  return { place: itemOf(keys.ready('greenhouse', t0 + n, idOf(n)), {}), bead };
};
const lineOf = (count: number): Seen['line'] => Array.from({ length: count }, (_, i) => inLine(i + 1));
const capacityOf = (working: Capacity['working']): Item<Capacity> => itemOf(keys.capacity(), { working });

describe('admission', () => {
  test('goes by the order of the line, up to the cap of the rig', () => {
    const seen = { ...empty, capacity: capacityOf({ greenhouse: 6 }), line: lineOf(5) };
    const { admitted, step, because } = admit(seen, caps, t0);
    expect(admitted).toBe(2);
    expect(putAt<Bead>(step, keys.bead(idOf(1)))?.admittedAt).toBe(t0);
    expect(putAt<Bead>(step, keys.bead(idOf(3)))).toBeUndefined();
    expect(putAt<Capacity>(step, keys.capacity())?.working).toEqual({ greenhouse: 8 });
    expect(because).toContain('8 polecats of rig greenhouse');
  });

  test('heeds the cap of the town, whatever the rig allows', () => {
    const seen = { ...empty, capacity: capacityOf({ other: 31 }), line: lineOf(5) };
    expect(admit(seen, caps, t0).admitted).toBe(1);
  });

  test('admits nobody while the town is stopped, and says who stopped it', () => {
    const stopped = itemOf(keys.estop(), { stopped: true, by: 'max', because: 'fire', at: t0 });
    expect(admit({ ...empty, switch: stopped, line: lineOf(1) }, caps, t0)).toMatchObject({
      admitted: 0,
      step: undefined,
      because: 'the town is stopped: fire',
    });
  });

  test('is conditional on the switch as it was read, so that an estop is obeyed from its commit on', () => {
    const { step } = admit({ ...empty, line: lineOf(1) }, caps, t0);
    expect(step?.changes).toContainEqual({ check: keys.estop(), expect: { absent: true } });
  });

  test('reserves what earlier attempts have left, and asks once that is nothing', () => {
    const retried = inLine(1, { budgetUsd: 5, costUsd: 3.5, attempt: 2 });
    const { step } = admit({ ...empty, line: [retried] }, caps, t0);
    expect(putAt<Bead>(step, keys.bead(idOf(1)))?.reservedUsd).toBe(1.5);
    const spent = inLine(1, { budgetUsd: 5, costUsd: 5.01, attempt: 3 });
    const asked = admit({ ...empty, line: [spent] }, caps, t0);
    expect(asked.admitted).toBe(0);
    expect(putAt<Bead>(asked.step, keys.bead(idOf(1)))).toMatchObject({
      outcome: {
        kind: 'escalated',
        question: expect.stringMatching(/\$5 is spent: \$5\.01.*gt sling gh-aaaaaa-1 --budget/),
      },
    });
  });

  describe('under a convoy’s budget', () => {
    const capped = { ...caps, convoyBudgetUsd: 8 };
    const convoys = (spentUsd: number, reservedUsd: number) => new Map([['aaaaaa', { spentUsd, reservedUsd }]]);

    test('admits what it has room for, in one commit or in several, and lets others pass meanwhile', () => {
      const line = [inLine(1, { budgetUsd: 3 }), inLine(2, { budgetUsd: 3 }), inLine(3)];
      const { step, admitted, because } = admit({ ...empty, line, convoys: convoys(1, 2) }, capped, t0);
      expect(admitted).toBe(2);
      expect(putAt<Bead>(step, keys.bead(idOf(1)))?.admittedAt).toBe(t0);
      expect(putAt<Bead>(step, keys.bead(idOf(2)))).toBeUndefined();
      expect(putAt<Bead>(step, keys.bead(idOf(3)))?.admittedAt).toBe(t0);
      expect(because).toContain('budget of convoy aaaaaa, $8, has $1 spent and $5 reserved');
    });

    test('asks a human once waiting brings nothing', () => {
      const line = [inLine(1, { budgetUsd: 3 })];
      const { step, admitted } = admit({ ...empty, line, convoys: convoys(6, 0) }, capped, t0);
      expect(admitted).toBe(0);
      expect(putAt<Bead>(step, keys.bead(idOf(1)))?.outcome).toMatchObject({
        question: expect.stringContaining('budget.per_convoy_usd'),
      });
    });

    test('is no bound where it is 0', () => {
      const line = [inLine(1, { budgetUsd: 3 })];
      expect(admit({ ...empty, line, convoys: convoys(6, 0) }, { ...caps, convoyBudgetUsd: 0 }, t0).admitted).toBe(1);
    });
  });

  test('asks a human about a bead that costs more than any day allows, and goes on behind it', () => {
    const greedy = inLine(1, { budgetUsd: caps.dayBudgetUsd + 1 });
    const { step, admitted } = admit({ ...empty, line: [greedy, inLine(2, { budgetUsd: 1 })] }, caps, t0);
    expect(admitted).toBe(1);
    const asking = putAt<Bead>(step, keys.bead(idOf(1)));
    expect(asking).toMatchObject({ run: 1, outcome: { kind: 'escalated', severity: 'high' } });
    expect(asking?.admittedAt ?? asking?.inLine).toBeUndefined();
    expect(putAt<Bead>(step, keys.bead(idOf(2)))?.admittedAt).toBe(t0);
    expect(step?.effects?.[0]).toEqual({ do: 'start_molecule', bead: idOf(1), run: 1 });
  });

  test('starts the molecule of a new bead, and lets the waiting one of a retried bead go on', () => {
    const retried = inLine(2, { run: 1, wait: { for: 'line', token: 'tok', run: 1 } });
    const { step } = admit({ ...empty, line: [inLine(1), retried] }, caps, t0);
    expect(step?.effects).toEqual([
      { do: 'start_molecule', bead: idOf(1), run: 1 },
      { do: 'succeed_task', token: 'tok' },
    ]);
  });

  test.each<[string, Partial<Bead>]>([
    ['cancelled', { status: 'cancelled' }],
    ['admitted already', { admittedAt: t0 }],
    ['in line elsewhere', { inLine: t0 + 99 }],
  ])('a place whose bead is %s is removed, and costs no slot', (_what, over) => {
    const { step, admitted } = admit({ ...empty, line: [inLine(1, over)] }, caps, t0);
    expect(admitted).toBe(0);
    expect(step?.changes).toEqual([{ delete: keys.ready('greenhouse', t0 + 1, idOf(1)), expect: { any: true } }]);
  });

  test('reserves a budget, and refuses the bead that would pass the day’s', () => {
    const line = [inLine(1, { budgetUsd: 6 }), inLine(2, { budgetUsd: 6 })];
    const { step, admitted, because } = admit({ ...empty, line }, caps, t0);
    expect(admitted).toBe(1);
    expect(putAt(step, keys.budget(t0))).toEqual({ reservedUsd: 6, spentUsd: 0 });
    expect(because).toContain('budget of $10');
  });

  test('a commit stays under a hundred items', () => {
    const { step, more } = admit(
      { ...empty, line: lineOf(50) },
      { ...caps, polecatsPerRig: 50, polecatsPerTown: 50 },
      t0,
    );
    const items = (step?.changes.length ?? 0) + (step?.effects?.length ?? 0) + 2 * (step?.events?.length ?? 0);
    expect(items).toBeLessThanOrEqual(limits.changesPerCommitMax);
    expect(more).toBe(true);
  });

  test('never passes a cap, whatever is at work and in line', () => {
    const working = fc.dictionary(fc.constantFrom('greenhouse', 'other', 'third'), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(
        working,
        fc.nat(30),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 20 }),
        (at, count, rig, town) => {
          const seen = { ...empty, capacity: capacityOf(at), line: lineOf(count) };
          const { admitted } = admit(seen, { ...caps, polecatsPerRig: rig, polecatsPerTown: town }, t0);
          const total = Object.values(at).reduce((sum, n) => sum + n, 0);
          const room = Math.max(0, Math.min(rig - (at.greenhouse ?? 0), town - total));
          expect(admitted).toBe(Math.min(room, count, limits.admissionsPerCommitMax));
        },
      ),
    );
  });
});

describe('the line', () => {
  test('nothing starves: the least urgent bead is overtaken only by beads ready less than two hours after it', () => {
    const least = virtualTimeOf(t0, 4);
    expect(virtualTimeOf(t0 + 4 * limits.priorityStepMs - 1, 0)).toBeLessThan(least);
    expect(virtualTimeOf(t0 + 4 * limits.priorityStepMs + 1, 0)).toBeGreaterThan(least);
  });
});

describe('the breaker', () => {
  test('opens at twenty failures in half an hour, and closes when they are old', () => {
    let breaker = { failures: [] as readonly number[] };
    for (let i = 0; i < 19; i += 1) breaker = withFailure(breaker, t0 + i);
    expect(breakerOpen(breaker, t0 + 19)).toBe(false);
    breaker = withFailure(breaker, t0 + 19);
    expect(breakerOpen(breaker, t0 + 20)).toBe(true);
    expect(breakerOpen(breaker, t0 + limits.breakerWindowMs + 1)).toBe(false);
  });
});

test('a slot that is returned on a stale count never makes it negative: the commit refuses it', () => {
  expect(withSlots({ working: {} }, 'greenhouse', -1)).toEqual({ working: {} });
});
