/** Plays seeds until one breaks something: the entry of a planted bundle, in a process of its own. `<first> <last>` */
import { invariants } from '../invariants/index.ts';
import { drawScenario } from '../kernel/scenario.ts';
import { simulate } from '../kernel/simulate.ts';

export interface Played {
  readonly seed: number;
  /** The claim that did not hold, and how; absent: all did. */
  readonly caughtBy?: string;
  readonly breach?: string;
}

async function play(seed: number): Promise<Played> {
  try {
    const { violation, stuck } = await simulate(drawScenario(seed), { invariants });
    if (violation) return { seed, caughtBy: violation.invariant, breach: violation.breach };
    return stuck ? { seed, caughtBy: 'everything comes to rest', breach: stuck.join('; ') } : { seed };
  } catch (error) {
    return { seed, caughtBy: 'nothing throws', breach: String(error) };
  }
}

const [first = 1, last = first] = process.argv.slice(2).map(Number);
for (let seed = first; seed <= last; seed += 1) {
  const played = await play(seed);
  process.stdout.write(`${JSON.stringify(played)}\n`);
}
process.exit(0);
