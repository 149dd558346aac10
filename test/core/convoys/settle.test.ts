import { describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { settleBead } from '../../../core/convoys/settle.ts';
import { groups, keys } from '../../../core/keys.ts';
import type { Capacity, DayBudget } from '../../../core/scheduler/records.ts';
import { beadOf, idOf, itemOf, putAt, t0 } from '../fixtures.ts';

const landed = { attempt: 1, outcome: { kind: 'landed', commit: 'a'.repeat(40) } } as const;
const nothing = { capacity: undefined, budget: undefined };
const beadIn = (over: Partial<Bead>) => beadOf(1, { attempt: 1, run: 2, ...over });

describe('a landing that arrives late', () => {
  test('closes a bead that was sent round again, and gives its slot and its reservation back', () => {
    const shared = {
      capacity: itemOf<Capacity>(keys.capacity(), { working: { greenhouse: 3 } }),
      budget: itemOf<DayBudget>(keys.budget(t0), { reservedUsd: 7, spentUsd: 1 }),
    };
    const step = settleBead(beadIn({ admittedAt: t0, reservedUsd: 5 }), landed, shared, t0);
    expect(putAt<Bead>(step, keys.bead(idOf(1)))).toMatchObject({ status: 'closed', closedReason: 'merged' });
    expect(putAt<Bead>(step, keys.bead(idOf(1)))?.admittedAt).toBeUndefined();
    expect(putAt<Capacity>(step, keys.capacity())?.working).toEqual({ greenhouse: 2 });
    expect(putAt<DayBudget>(step, keys.budget(t0))).toEqual({ reservedUsd: 2, spentUsd: 1 });
    expect(step?.effects).toContainEqual({ do: 'wake', queue: 'ticks', group: groups.scheduler('greenhouse') });
  });

  test('takes a bead that waits for another slot out of the line', () => {
    const step = settleBead(beadIn({ inLine: t0 }), landed, nothing, t0);
    expect(step?.changes).toContainEqual({ delete: keys.ready('greenhouse', t0, idOf(1)), expect: { any: true } });
    expect(putAt<Bead>(step, keys.bead(idOf(1)))?.inLine).toBeUndefined();
  });
});

test('a landing wakes the convoy, and nobody else when no slot was held', () => {
  const step = settleBead(beadIn({ status: 'submitted' }), landed, nothing, t0);
  expect(step?.effects).toEqual([{ do: 'wake', queue: 'ticks', group: groups.convoy(beadOf(1).body.convoy) }]);
});

test('what concerns an earlier attempt, or was heard before, changes nothing', () => {
  const returned = { attempt: 1, outcome: { kind: 'failed', cause: 'gate_failed', detail: 'red' } } as const;
  expect(settleBead(beadIn({ status: 'submitted', attempt: 2 }), returned, nothing, t0)).toBeUndefined();
  expect(settleBead(beadIn({ status: 'open' }), returned, nothing, t0)).toBeUndefined();
  expect(settleBead(beadIn({ status: 'closed' }), landed, nothing, t0)).toBeUndefined();
});
