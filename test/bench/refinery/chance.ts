/**
 * Common random numbers: the outcome of change n, and of the nth run of a policy, depends on the seed and on n alone, so
 * that every policy meets the same luck.
 */

function mix(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

const streams = [
  'bad',
  'flake',
  'duration',
  'durationToo',
  'arrival',
  'clash',
  'partner',
  'pair',
  'infra',
  'push',
] as const;
export type Stream = (typeof streams)[number];

/** Over 0 and under 1. */
export function uniform(seed: number, stream: Stream, n: number, m = 0): number {
  let h = mix(seed + 0x9e3779b9);
  h = mix(h ^ Math.imul(streams.indexOf(stream) + 1, 0x27d4eb2f));
  h = mix(h ^ Math.imul(n + 1, 0x165667b1));
  h = mix(h ^ Math.imul(m + 1, 0x9e3779b1));
  return ((h >>> 0) + 0.5) / 2 ** 32;
}

/** Exponentially distributed, mean 1. */
export const exponential = (seed: number, stream: Stream, n: number): number => -Math.log(uniform(seed, stream, n));

/** Lognormally distributed, mean 1, sigma .5: one run in twenty takes twice the mean. */
export function lognormal(seed: number, n: number): number {
  const sigma = 0.5;
  const normal =
    Math.sqrt(-2 * Math.log(uniform(seed, 'duration', n))) * Math.cos(2 * Math.PI * uniform(seed, 'durationToo', n));
  return Math.exp(sigma * normal - sigma ** 2 / 2);
}
