/** When the runs that failed are enough to send a change back. */
import { sha256 } from '../../hash.ts';
import type { Failure } from './board.ts';
import type { Evidence } from './posterior.ts';

/** False rejections for each change that lands, at most. */
const falseRejectsMax = 0.001;

/** Of culprits that are certain enough, those that are confirmed all the same: else the flake rate would never be seen. */
const confirmedShare = 0.1;

/**
 * The chance of these failures, were the first change good: f^n1 · B1, with B_k = 1 and
 * B_j = 1 − Q(g_j, g_j+1] · (1 − f^n_j+1 · B_j+1). Between two failures either something is bad, which explains all that
 * follow, or (with chance Q) nothing is, and the next were flakes too. `failures` ascend, the first at 1.
 */
export function chanceIfGood(risks: readonly number[], failures: readonly Evidence[], f: number): number {
  let rest = 1;
  for (let j = failures.length - 1; j >= 0; j--) {
    const { at, times } = failures[j] ?? { at: 0, times: 0 };
    const flakes = f ** times * rest;
    if (j === 0) return flakes;
    const allGood = risks.slice(failures[j - 1]?.at ?? 0, at).reduce((chance, risk) => chance * (1 - risk), 1);
    rest = 1 - allGood * (1 - flakes);
  }
  return 1;
}

/** The same culprits each time they are asked for: by a hash, since `core` has no randomness. */
const isSampled = (id: string): boolean => Number.parseInt(sha256(id).slice(0, 8), 16) < confirmedShare * 2 ** 32;

/** Certain enough, and confirmed only to learn from it: each that a run then clears stands for this many that were not. */
export const standsFor = (id: string, risks: readonly number[], failures: readonly Failure[], f: number): number =>
  failures[0]?.onMain && failures[0].times === 1 && isEnough(risks, failures, f) && isSampled(id)
    ? 1 / confirmedShare
    : 1;

const isEnough = (risks: readonly number[], failures: readonly Evidence[], f: number): boolean =>
  failures[0]?.at === 1 && chanceIfGood(risks, failures, f) <= falseRejectsMax;

/** Whether the first change, `id`, may go on these failures; if not, the same run is done again. */
export function isCertain(id: string, risks: readonly number[], failures: readonly Failure[], f: number): boolean {
  const [first] = failures;
  return first?.onMain === true && isEnough(risks, failures, f) && (first.times > 1 || !isSampled(id));
}
