/**
 * What a run of the gates can tell at most. A run is a noisy channel: a bad tree always fails, a good one fails with
 * chance f (a Z-channel; Shannon 1948, Golomb 1980). Everything the planner aims at follows from its capacity.
 */

/** Binary entropy in bits: what it takes to say whether a thing of chance `p` is so. */
export function entropy(p: number): number {
  if (p <= 0 || p >= 1) return 0;
  return -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
}

/** Bits that one run can tell at most: log2(1 + (1−f)·f^(f/(1−f))), 1 without flakes. */
export const capacity = (f: number): number => (f <= 0 ? 1 : Math.log2(1 + (1 - f) * f ** (f / (1 - f))));

/** A run tells most if what it tests is all good with this chance: 1/((1−f)(1+2^(H(f)/(1−f)))); ½ without flakes. */
export const targetChance = (f: number): number => 1 / ((1 - f) * (1 + 2 ** (entropy(f) / (1 - f))));

/** No policy that resolves every change with vanishing error needs fewer runs for each one that lands. */
export const runsPerLandedBound = (p: number, f: number): number => entropy(p) / ((1 - p) * capacity(f));

/** Nor lands more in the time of a run, on `slots` slots. */
export const landedPerRunTimeBound = (p: number, f: number, slots: number): number => slots / runsPerLandedBound(p, f);

/** All slots on prefixes of one chain, without flakes: slots+1 outcomes, so log2(slots+1) bits. Why there is a fan. */
export const nestedLandedPerRunTimeBound = (p: number, slots: number): number =>
  (Math.log2(slots + 1) * (1 - p)) / entropy(p);
