import { describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { unneededResolvers } from '../../../core/convoys/resolvers.ts';
import { tickConvoy } from '../../../core/convoys/tick.ts';
import { beadOf, convoyOf, idOf, putAt, t0 } from '../fixtures.ts';

const resolves = {
  bead: idOf(1),
  attempt: 1,
  mergeRequest: 'SEQ',
  head: 'a'.repeat(40),
  base: 'b'.repeat(40),
  against: [],
};
const author = (over: Partial<Bead> = {}) =>
  beadOf(1, { status: 'submitted', run: 1, attempt: 1, mergeRequest: 'SEQ', ...over });
const resolver = (over: Partial<Bead> = {}) =>
  beadOf(2, { type: 'conflict', status: 'in_progress', run: 1, attempt: 1, resolves, ...over });
const merged = {
  status: 'closed',
  closedReason: 'merged',
  commit: 'f'.repeat(40),
  mergeRequest: undefined,
} as unknown as Partial<Bead>;
const ticked = (...beads: Parameters<typeof tickConvoy>[1]): Convoy | undefined =>
  putAt<Convoy>(tickConvoy(convoyOf(), beads, undefined, t0).step, convoyOf());

describe('a convoy with a resolver', () => {
  test('counts the beads of its plan alone', () => {
    expect(ticked(author(), resolver())?.progress).toEqual({
      total: 1,
      landed: 0,
      failed: 0,
      cancelled: 0,
      blocked: 0,
    });
    expect(ticked(author(merged), resolver({ status: 'failed' }))?.progress).toMatchObject({
      total: 1,
      landed: 1,
      failed: 0,
    });
  });

  test('makes it ready at once: it needs nothing, and nobody needs it', () => {
    const { step } = tickConvoy(convoyOf(), [author(), resolver({ status: 'open', run: 0 })], undefined, t0);
    expect(step?.events?.map(({ kind, bead }) => [kind, bead])).toEqual([['bead.ready', idOf(2)]]);
  });

  test.each([['failed'], ['cancelled'], ['closed']] as const)(
    'lands with its plan, however its resolver ended: %s',
    (status) => {
      expect(ticked(author(merged), resolver({ status }))?.status).toBe('landed');
    },
  );

  test('does not land while it runs', () => {
    expect(ticked(author(merged), resolver())?.status).toBe('open');
  });

  test('is not stalled by one that failed, as long as its author goes on', () => {
    expect(ticked(author(), resolver({ status: 'failed' }))?.status).toBe('open');
  });

  test('stalls while it asks a human and nothing else moves, and says so', () => {
    const asking = resolver({ status: 'escalated' });
    const stalled = ticked(author(), asking);
    expect(stalled?.status).toBe('stalled');
    expect(stalled?.stalledBecause).toContain(`${idOf(2)} (`);
    expect(stalled?.stalledBecause).toContain('asks a human');
    expect(ticked(author(), asking, beadOf(3, { status: 'in_progress', run: 1, attempt: 1 }))?.status).toBe('open');
  });

  test('stalls with its author, and does not blame the resolver', () => {
    const stalled = ticked(author({ status: 'failed' }), resolver({ status: 'failed' }));
    expect(stalled).toMatchObject({ status: 'stalled', progress: { failed: 1 } });
    expect(stalled?.stalledBecause).toContain(idOf(1));
    expect(stalled?.stalledBecause).not.toContain('more');
  });
});

describe('a resolver is needed', () => {
  test('while the merge request of its author’s attempt is open', () => {
    expect(unneededResolvers([author(), resolver()])).toEqual([]);
  });

  test.each<[string, Partial<Bead>]>([
    ['was cancelled', { status: 'cancelled' }],
    ['landed after all', merged],
    ['was sent back', { outcome: { kind: 'failed', cause: 'conflict', detail: 'x' } }],
    ['goes round again', { status: 'open' }],
    ['was submitted again', { attempt: 2, mergeRequest: 'LATER' }],
  ])('not when its author %s', (_what, over) => {
    expect(unneededResolvers([author(over), resolver()]).map(({ body }) => body.id)).toEqual([idOf(2)]);
    expect(unneededResolvers([author(over), resolver({ status: 'failed' })])).toEqual([]);
  });
});
