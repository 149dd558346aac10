import { expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { mayorUsdOf, spendingOf } from '../../../core/convoys/spending.ts';
import { limits } from '../../../core/limits.ts';

test('the money of a call that is being made is reserved, so that a bead waits for it; of one that nobody makes any more it is spent', () => {
  const beads = [{ costUsd: 0.5, reservedUsd: 1 }, { costUsd: 0.25 }] as Bead[];
  const convoy = { mayorUsd: 0.1, calls: [{ id: 'a', usd: 0.4, at: 1000 }] };
  expect(spendingOf(convoy, beads, 1000 + limits.modelCallLapsesMs)).toEqual({ spentUsd: 0.85, reservedUsd: 1.4 });
  expect(spendingOf(convoy, beads, 1001 + limits.modelCallLapsesMs)).toEqual({ spentUsd: 1.25, reservedUsd: 1 });
  expect(mayorUsdOf(convoy)).toBe(0.5);
});
