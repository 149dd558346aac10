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

describe('a rejection that is taken back, because the target itself was red', () => {
  const head = 'd'.repeat(40);
  const red = { attempt: 1, outcome: { kind: 'failed', cause: 'red_main', detail: 'main itself fails' } } as const;
  const rejected = { kind: 'failed', cause: 'gate_failed', detail: 'red' } as const;
  const note = { attempt: 1, polecat: 'Toast', cause: 'gate_failed', detail: 'red', head } as const;
  const takenBack = (over: Partial<Bead>) => {
    const was = beadIn(over);
    const step = settleBead(was, red, nothing, t0);
    return { step, bead: putAt<Bead>(step, keys.bead(idOf(1))) };
  };

  test.each<[string, Partial<Bead>]>([
    ['before its bead heard of it', { status: 'submitted', head }],
    ['before its molecule decided on it', { status: 'submitted', head, outcome: rejected }],
  ])('%s is not heard any more', (_, over) => {
    const { bead } = takenBack(over);
    expect(bead).toMatchObject({ status: 'submitted', head, outcome: red.outcome, failures: 0 });
    const late = settleBead(itemOf(keys.bead(idOf(1)), bead as Bead), { attempt: 1, outcome: rejected }, nothing, t0);
    expect(late).toBeUndefined();
  });

  test('gives its bead the rung back, and lets it go on at once from what it had pushed', () => {
    const wait = { for: 'rest', token: 'T', run: 2 } as const;
    const { bead, step } = takenBack({ failures: 2, notes: [note], restUntil: t0 + 9, wait });
    expect(bead).toMatchObject({ status: 'open', failures: 1, head, notes: [{ cause: 'red_main' }] });
    expect(bead?.restUntil).toBeUndefined();
    expect(step?.effects).toContainEqual({ do: 'succeed_task', token: 'T' });
  });

  test('does not disturb a bead that stands in line already', () => {
    const wait = { for: 'line', token: 'T', run: 2 } as const;
    const { bead, step } = takenBack({ failures: 1, notes: [note], inLine: t0, wait });
    expect(bead).toMatchObject({ failures: 0, head, inLine: t0 });
    expect(step?.effects).not.toContainEqual({ do: 'succeed_task', token: 'T' });
  });

  test('opens a bead again that was given up for it, in a new execution', () => {
    const { bead, step } = takenBack({ status: 'failed', failures: 4, notes: [note] });
    expect(bead).toMatchObject({ status: 'open', failures: 3, head, run: 3 });
    expect(step?.effects).toContainEqual({ do: 'start_molecule', bead: idOf(1), run: 3 });
  });

  test('changes nothing the second time, nor for a bead that has moved on', () => {
    const { bead } = takenBack({ failures: 1, notes: [note] });
    expect(settleBead(itemOf(keys.bead(idOf(1)), bead as Bead), red, nothing, t0)).toBeUndefined();
    for (const over of [
      { attempt: 2, status: 'in_progress' },
      { status: 'closed', closedReason: 'merged' },
      { status: 'cancelled', notes: [note] },
      { status: 'open', notes: [{ ...note, cause: 'agent_failed' }] },
    ] satisfies Partial<Bead>[])
      expect(takenBack(over).step).toBeUndefined();
  });
});
