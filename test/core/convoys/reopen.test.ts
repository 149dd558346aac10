import { expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { reopenFailed } from '../../../core/convoys/reopen.ts';
import { tickConvoy } from '../../../core/convoys/tick.ts';
import { keys } from '../../../core/keys.ts';
import { applied, beadOf, convoyOf, idOf, putAt, t0 } from '../fixtures.ts';

test('a bead that failed before it was ever ready waits for its needs again, and has no execution', () => {
  const failed = beadOf(2, { needs: [idOf(1)], status: 'failed' });
  const step = reopenFailed(failed, 'max', t0);
  expect(step.effects?.map((effect) => effect.do)).toEqual(['wake']);
  const beads = applied([beadOf(1), failed], step);
  const { step: tick } = tickConvoy(convoyOf(), beads, undefined, t0);
  expect(putAt<Bead>(tick, keys.bead(idOf(1)))?.inLine).toBeDefined();
  expect(putAt<Bead>(tick, keys.bead(idOf(2)))?.inLine).toBeUndefined();
});

test('a bead that has worked goes on in its next run', () => {
  const step = reopenFailed(beadOf(1, { status: 'failed', attempt: 3, run: 2, failures: 3 }), 'max', t0);
  expect(step.effects).toContainEqual({ do: 'start_molecule', bead: idOf(1), run: 3 });
  expect(putAt<Bead>(step, keys.bead(idOf(1)))).toMatchObject({ status: 'open', failures: 0 });
});
