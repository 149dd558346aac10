/** All chance of a simulation: streams that follow from the seed, so that what one part draws moves no other part. */
import { sha256 } from '../../../core/hash.ts';
import { seeded } from '../../town/seeded.ts';

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  chance(p: number): boolean;
  /** One of them, all alike; there must be one. */
  pick<T>(from: readonly T[]): T;
  /** A stream of its own: the same for the same name, whatever was drawn here before. */
  stream(name: string): Random;
}

export function makeRandom(name: string): Random {
  const next = seeded(Number.parseInt(sha256(name).slice(0, 8), 16));
  const between = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    between,
    chance: (p) => next() < p,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error('BUG: nothing to pick from');
      return from[between(0, from.length - 1)] as T;
    },
    stream: (inner) => makeRandom(`${name}/${inner}`),
  };
}
