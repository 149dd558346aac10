/** Queues that test batches, and look for the culprit in those that fail. */
import { OneAtATime, type Trial } from './one-at-a-time.ts';

type Reject = (change: number) => void;

/** As bors does: a failed batch is halved, and its halves are batches again. */
function* halving(batch: readonly number[], reject: Reject): Trial {
  if (yield batch) return;
  const [only, ...more] = batch;
  if (only !== undefined && more.length === 0) return reject(only);
  const half = Math.ceil(batch.length / 2);
  yield* halving(batch.slice(0, half), reject);
  yield* halving(batch.slice(half), reject);
}

/** BatchStop4: batches over four are halved, four or fewer are told apart one by one. */
function* stoppingAtFour(batch: readonly number[], reject: Reject): Trial {
  if (yield batch) return;
  const half = Math.ceil(batch.length / 2);
  if (batch.length > 4) {
    yield* stoppingAtFour(batch.slice(0, half), reject);
    yield* stoppingAtFour(batch.slice(half), reject);
    return;
  }
  if (batch.length === 1) return batch.forEach(reject);
  for (const change of batch) if (!(yield [change])) reject(change);
}

/** Gas Town's: a failed batch is run once more whole, then halved. */
function* runTwiceThenHalving(batch: readonly number[], reject: Reject): Trial {
  if (yield batch) return;
  yield* halving(batch, reject);
}

export const batchAndHalve = () => new OneAtATime(8, halving);
export const batchStop4 = () => new OneAtATime(8, stoppingAtFour);
export const batchOfFive = () => new OneAtATime(5, runTwiceThenHalving);
