/**
 * Makes a failing scenario smaller as long as it fails in the same way: beads first, then commands and faults, then
 * choices of order. Each try is a whole run, so there is a bound on their steps.
 */
import { type Cut, cutScenario } from './cut.ts';
import type { FaultKind } from './faults.ts';
import type { Scenario } from './scenario.ts';
import type { Outcome } from './simulate.ts';

/** Of all tries together: about two minutes. */
const stepsMax = 800_000;

type Try = (cut: Cut) => Promise<Outcome>;

/** The invariant that was breached, or that it did not come to rest. */
export const failureOf = ({ violation, stuck }: Outcome): string | undefined =>
  violation ? violation.invariant : stuck ? 'at rest in time' : undefined;

export async function shrink(scenario: Scenario, failed: Outcome, attempt: Try): Promise<Cut> {
  const wanted = failureOf(failed);
  let cut: Cut = {};
  let steps = 0;
  const fails = async (smaller: Cut): Promise<boolean> => {
    if (steps > stepsMax) return false;
    const outcome = await attempt(smaller);
    steps += outcome.steps;
    if (failureOf(outcome) !== wanted) return false;
    cut = smaller;
    return true;
  };

  const beads = scenario.convoys.flatMap((convoy) => convoy.beads.map(({ name }) => name));
  for (const bead of beads) {
    const without = [...(cut.beads ?? []), bead];
    if (without.length < beads.length) await fails({ ...cut, beads: without });
  }
  for (const place of scenario.commands.keys()) await fails({ ...cut, commands: [...(cut.commands ?? []), place] });
  for (const kind of Object.keys(scenario.faults.rates) as FaultKind[])
    await fails({ ...cut, faults: [...(cut.faults ?? []), kind] });
  await smallest(0, cutScenario(scenario, cut).faults.strikesMax, (strikesMax) => fails({ ...cut, strikesMax }));
  await smallest(0, failed.steps, (orderlyFrom) => fails({ ...cut, orderlyFrom }));
  return cut;
}

/** Halves the way to the smallest number that still fails, as if all above it did. */
async function smallest(from: number, to: number, fails: (n: number) => Promise<boolean>): Promise<void> {
  for (let [low, high] = [from, to]; low < high; ) {
    const middle = Math.floor((low + high) / 2);
    if (await fails(middle)) high = middle;
    else low = middle + 1;
  }
}
