/** Plays seeds until one breaks something: the entry of a planted bundle, in a process of its own. `<first> <last>` */
import { play } from '../play.ts';

export interface Played {
  readonly seed: number;
  /** The claim that did not hold, and how; absent: all did. */
  readonly caughtBy?: string;
  readonly breach?: string;
}

async function playOne(seed: number): Promise<Played> {
  try {
    const { violation, stuck } = await play(seed);
    if (violation) return { seed, caughtBy: violation.invariant, breach: violation.breach };
    return stuck ? { seed, caughtBy: 'everything comes to rest', breach: stuck.join('; ') } : { seed };
  } catch (error) {
    return { seed, caughtBy: 'nothing throws', breach: String(error) };
  }
}

const [first = 1, last = first] = process.argv.slice(2).map(Number);
for (let seed = first; seed <= last; seed += 1) process.stdout.write(`${JSON.stringify(await playOne(seed))}\n`);
process.exit(0);
