/**
 * Which change of a chain is the first bad one, given the runs that failed. A run of a prefix with a bad change in it
 * fails for certain; without one it fails with chance f. So "first bad at i" weighs
 * p_i · Π_{l<i} q_l · f^(failures at prefixes < i), and "none bad" weighs Π q_l · f^(all failures).
 */
import type { Failure } from './board.ts';

export type Evidence = Pick<Failure, 'at' | 'times'>;

/**
 * For k = 1, 2, …: the chance that the first k changes are all good. `risks` may go on beyond the last failure, and is
 * read no further than the chances are. `failures` ascend.
 */
export function* goodChances(risks: Iterable<number>, failures: readonly Evidence[], f: number): Generator<number> {
  const next = risks[Symbol.iterator]();
  const last = failures.at(-1)?.at ?? 0;
  const weights: number[] = [];
  let clean = 1;
  let seen = 0;
  for (let i = 1; i <= last; i++) {
    const risk = next.next();
    if (risk.done) break;
    weights.push(clean * risk.value);
    clean *= 1 - risk.value;
    for (; failures[seen]?.at === i; seen++) clean *= f ** (failures[seen]?.times ?? 0);
  }
  // Summed from the small end, so that no chance is lost to cancellation.
  const good: number[] = [];
  for (let i = weights.length - 1, beyond = clean; i >= 0; i--) {
    good.unshift(beyond);
    beyond += weights[i] ?? 0;
  }
  const all = (good[0] ?? clean) + (weights[0] ?? 0);
  for (const weight of good) yield weight / all;
  let chance = clean / all;
  for (let risk = next.next(); !risk.done; risk = next.next()) {
    chance *= 1 - risk.value;
    yield chance;
  }
}
