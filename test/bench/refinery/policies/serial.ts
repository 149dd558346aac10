/** One change at a time; one that fails is run once more. */
import { OneAtATime, type Trial } from './one-at-a-time.ts';

function* twice(batch: readonly number[], reject: (change: number) => void): Trial {
  if ((yield batch) || (yield batch)) return;
  for (const change of batch) reject(change);
}

export const serial = () => new OneAtATime(1, twice);
