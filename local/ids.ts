/** Ids and randomness from the operating system's generator. */
import { randomBytes } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { Clock, Ids } from '../core/ports.ts';

/** 48 bits: as many as `readUIntBE` gives at once, and exact in a double. */
const random = (): number => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;

/** ULIDs of one process never repeat and never go back, also when the clock does. */
export function realIds(clock: Pick<Clock, 'now'>): Ids {
  const next = monotonicFactory(random);
  return { ulid: () => next(clock.now()), secret: () => randomBytes(32).toString('hex'), random };
}
