/** A seed, or a part of it, under every invariant: what the command line, its workers and the tests run. */
import { invariants } from './invariants/index.ts';
import { type Cut, cutScenario } from './kernel/cut.ts';
import { drawScenario } from './kernel/scenario.ts';
import { type Outcome, simulate } from './kernel/simulate.ts';
import type { Listener } from './kernel/trace.ts';

export function play(seed: number, cut: Cut = {}, listener?: Listener): Promise<Outcome> {
  return simulate(cutScenario(drawScenario(seed), cut), {
    invariants,
    ...(listener ? { listener } : {}),
    ...(cut.orderlyFrom === undefined ? {} : { orderlyFrom: cut.orderlyFrom }),
  });
}
