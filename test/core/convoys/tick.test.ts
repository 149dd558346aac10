import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Bead, BeadStatus } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { tickConvoy } from '../../../core/convoys/tick.ts';
import type { Escalation } from '../../../core/escalations/escalation.ts';
import type { Item } from '../../../core/ports.ts';
import { applied, beadOf, convoyOf, idOf, itemOf, kindsOf, putAt, t0 } from '../fixtures.ts';

const merged = { status: 'closed', closedReason: 'merged', commit: 'f'.repeat(40), run: 1 } as const;

/** Ticks until nothing changes; a test's stand-in for the loop of the handler. */
function settle(
  meta: Item<Convoy>,
  beads: readonly Item<Bead>[],
): { meta: Item<Convoy>; beads: Item<Bead>[]; kinds: string[] } {
  let state = { meta, beads: [...beads], kinds: [] as string[] };
  for (let ticks = 0; ticks < 200; ticks += 1) {
    const { step, more } = tickConvoy(state.meta, state.beads, undefined, t0);
    if (step) {
      state = {
        meta: applied([state.meta], step)[0] ?? state.meta,
        beads: applied(state.beads, step),
        kinds: [...state.kinds, ...kindsOf(step)],
      };
    }
    if (!more) return state;
  }
  throw new Error('the tick does not come to rest');
}

const ready = (bead: Item<Bead>): boolean => bead.body.inLine !== undefined;

describe('readiness', () => {
  test('a bead without needs stands in line at once, one with needs does not', () => {
    const { beads } = settle(convoyOf(), [beadOf(1), beadOf(2, { needs: [idOf(1)] })]);
    expect(beads.map(ready)).toEqual([true, false]);
  });

  test('a dependent starts when its need has merged', () => {
    const { beads } = settle(convoyOf(), [beadOf(1, merged), beadOf(2, { needs: [idOf(1)] })]);
    expect(beads.map(ready)).toEqual([false, true]);
  });

  test.each<[string, Partial<Bead>]>([
    ['superseded', { status: 'closed', closedReason: 'superseded' }],
    [
      'closed without a change, though its type makes code',
      { status: 'closed', closedReason: 'no_change', type: 'task' },
    ],
    ['submitted', { status: 'submitted', run: 1 }],
    ['failed', { status: 'failed', run: 1 }],
    ['cancelled', { status: 'cancelled' }],
  ])('closed is not merged: a need that is %s starts nobody', (_what, need) => {
    const { beads } = settle(convoyOf(), [beadOf(1, need), beadOf(2, { needs: [idOf(1)] })]);
    expect(beads.map(ready)).toEqual([false, false]);
  });

  test('a review that changed nothing lets its dependents start', () => {
    const review = beadOf(1, { status: 'closed', closedReason: 'no_change', type: 'review' });
    const { beads } = settle(convoyOf(), [review, beadOf(2, { needs: [idOf(1)] })]);
    expect(beads.map(ready)).toEqual([false, true]);
  });

  test('the scheduler is woken once for all that became ready together', () => {
    const { step } = tickConvoy(convoyOf(), [beadOf(1), beadOf(2)], undefined, t0);
    expect(step?.effects).toEqual([{ do: 'wake', queue: 'ticks', group: 'scheduler/greenhouse' }]);
  });

  test('a commit stays under a hundred items however many beads become ready', () => {
    const beads = Array.from({ length: 500 }, (_, i) => beadOf(i + 1));
    const { step, more } = tickConvoy(convoyOf(), beads, undefined, t0);
    const items = (step?.changes.length ?? 0) + (step?.effects?.length ?? 0) + 2 * (step?.events?.length ?? 0);
    expect(items).toBeLessThanOrEqual(100);
    expect(more).toBe(true);
  });
});

describe('failure', () => {
  test('spreads to every dependent, however far, and to nobody else', () => {
    const beads = [
      beadOf(1, { status: 'failed', run: 1 }),
      beadOf(2, { needs: [idOf(1)] }),
      beadOf(3, { needs: [idOf(2)] }),
      beadOf(4),
    ];
    const after = settle(convoyOf(), beads).beads;
    expect(after.map((bead) => bead.body.blockedForGood)).toEqual([false, true, true, false]);
  });

  test('is taken back when the failed bead is sent round again', () => {
    const beads = [beadOf(1, { status: 'open', run: 2 }), beadOf(2, { needs: [idOf(1)], blockedForGood: true })];
    expect(settle(convoyOf(), beads).beads[1]?.body.blockedForGood).toBe(false);
  });

  test('stalls the convoy only when nothing else can move, and says which bead, why, and what to do', () => {
    const failed = beadOf(1, {
      status: 'failed',
      run: 1,
      notes: [{ attempt: 1, polecat: 'Nux', cause: 'agent_failed', detail: 'exit code 1' }],
    });
    const blocked = beadOf(2, { needs: [idOf(1)] });
    const moving = settle(convoyOf(), [failed, blocked, beadOf(3, { status: 'in_progress', run: 1 })]);
    expect(moving.meta.body.status).toBe('open');
    const stalled = settle(convoyOf(), [failed, blocked, beadOf(3, merged)]);
    expect(stalled.meta.body.status).toBe('stalled');
    expect(stalled.meta.body.stalledBecause).toContain(idOf(1));
    expect(stalled.meta.body.stalledBecause).toContain('exit code 1');
    expect(stalled.meta.body.stalledBecause).toContain('gt convoy retry');
    expect(stalled.kinds).toContain('escalation.opened');
  });

  test('of nothing but questions raises no letter beside theirs, and says how to answer', () => {
    const asks = beadOf(1, {
      status: 'escalated',
      run: 1,
      outcome: { kind: 'escalated', question: 'Which colour?', severity: 'high' },
    });
    const asked = settle(convoyOf(), [asks, beadOf(2, { needs: [idOf(1)] }), beadOf(3, merged)]);
    expect(asked.meta.body.status).toBe('stalled');
    expect(asked.meta.body.stalledBecause).toMatch(
      /asks a human: Which colour\?; .*gt escalations answer esc-\w+ "…"$/,
    );
    expect(asked.kinds).toEqual(['convoy.stalled']);

    const failedToo = settle(asked.meta, [asks, beadOf(2, { status: 'failed', run: 1 })]);
    expect(failedToo.meta.body.stalledBecause).toMatch(/^gh-aaaaaa-2 .* and 1 more failed: .*gt convoy retry aaaaaa$/);
    expect(failedToo.kinds).toEqual(['escalation.opened']);
  });

  test('that left only questions leaves the letter about the failure as it is', () => {
    const failed = beadOf(2, { status: 'failed', run: 1 });
    const { step } = tickConvoy(convoyOf(), [beadOf(1, { status: 'escalated', run: 1 }), failed], undefined, t0);
    const alarm = step?.changes.find((change) => 'put' in change && change.put.sk === 'STATE');
    if (!alarm || !('put' in alarm)) throw new Error('no escalation was opened');
    const open = itemOf(alarm.put, alarm.put.body as unknown as Escalation);
    expect(open.body.body).toMatch(/Tried: every retry.*\n.*\nDo: gt convoy retry aaaaaa$/);
    const cancelled = beadOf(2, { status: 'cancelled', run: 1 });
    const stalled = convoyOf({ status: 'stalled', stalledBecause: 'x' });
    const after = tickConvoy(stalled, [beadOf(1, { status: 'escalated', run: 1 }), cancelled], open, t0).step;
    expect(putAt<Convoy>(after, stalled)?.stalledBecause).toContain('asks a human');
    expect(putAt(after, open)).toBeUndefined();
  });

  test('of beads that need a cancelled one is not told to retry, which would do nothing', () => {
    const beads = [beadOf(1, { status: 'cancelled' }), beadOf(2, { needs: [idOf(1)], blockedForGood: true })];
    const { step } = tickConvoy(convoyOf(), beads, undefined, t0);
    expect(JSON.stringify(step?.changes)).toContain('Do: gt convoy cancel aaaaaa');
  });

  test('a stalled convoy opens again when its bead goes on', () => {
    const meta = convoyOf({ status: 'stalled', stalledBecause: 'x' });
    const { meta: after } = settle(meta, [beadOf(1, { status: 'open', run: 2 })]);
    expect(after.body.status).toBe('open');
    expect(after.body.stalledBecause).toBeUndefined();
  });
});

describe('closing', () => {
  test('lands with its last bead, tells the commits, and never again', () => {
    const beads = [beadOf(1, merged), beadOf(2, merged)];
    const { step } = tickConvoy(convoyOf(), beads, undefined, t0);
    const landed = putAt<Convoy>(step, convoyOf());
    expect(landed?.status).toBe('landed');
    expect(step?.effects).toEqual([
      expect.objectContaining({ do: 'notify', body: expect.stringContaining('ffffffffff') }),
    ]);
    expect(tickConvoy(convoyOf({ status: 'landed' }), beads, undefined, t0).step).toBeUndefined();
  });

  test('a tick with nothing to do writes nothing', () => {
    const { meta, beads } = settle(convoyOf(), [beadOf(1), beadOf(2, { needs: [idOf(1)] })]);
    expect(tickConvoy(meta, beads, undefined, t0 + 1).step).toBeUndefined();
  });

  test('nothing moves in a convoy that is not open', () => {
    for (const status of ['planning', 'staged', 'cancelled', 'landed'] as const) {
      expect(tickConvoy(convoyOf({ status }), [beadOf(1)], undefined, t0).step).toBeUndefined();
    }
  });
});

/** Random plans whose beads end in random ways, played to the end. */
const plans = fc.array(
  fc.record({
    needs: fc.array(fc.nat(30), { maxLength: 4 }),
    end: fc.constantFrom<BeadStatus>('closed', 'closed', 'closed', 'failed', 'cancelled'),
  }),
  { minLength: 1, maxLength: 25 },
);

test('whatever its beads come to, a convoy lands exactly when all of them did or were cancelled, ends with the last if none landed, else it stalls', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      let beads = plan.map(({ needs }, i) =>
        beadOf(i + 1, { needs: [...new Set(needs.filter((need) => need < i).map((need) => idOf(need + 1)))] }),
      );
      let meta = convoyOf();
      for (let round = 0; round <= plan.length; round += 1) {
        ({ meta, beads } = settle(meta, beads));
        for (const bead of beads.filter(ready)) {
          for (const need of bead.body.needs) {
            const found = beads.find((other) => other.body.id === need)?.body;
            expect([found?.status, found?.closedReason]).toEqual(['closed', 'merged']);
          }
        }
        beads = beads.map((bead) => (ready(bead) ? ended(bead, plan[bead.body.n - 1]?.end ?? 'closed') : bead));
      }
      ({ meta, beads } = settle(meta, beads));
      const { progress, status } = meta.body;
      const all = beads.map((bead) => bead.body);
      const count = (wanted: BeadStatus): number => all.filter((bead) => bead.status === wanted).length;
      expect(progress).toMatchObject({
        landed: count('closed'),
        failed: count('failed'),
        cancelled: count('cancelled'),
      });
      const done = count('closed') + count('cancelled') === all.length;
      expect(status).toBe(!done ? 'stalled' : count('closed') > 0 ? 'landed' : 'cancelled');
    }),
  );
});

function ended(bead: Item<Bead>, status: BeadStatus): Item<Bead> {
  const { inLine: _, ...rest } = bead.body;
  const reason = status === 'closed' ? ({ closedReason: 'merged', commit: 'f'.repeat(40) } as const) : {};
  return { ...bead, body: { ...rest, status, run: 1, ...reason } };
}
