/**
 * The self-healing ladder: what follows from a failed attempt. Retry with the same agent (perhaps it was flaky), then
 * fresh polecats that get the error, then a human. Every rung has a count, every retry a rest, every kind of death
 * its own bound: nothing respawns for ever.
 */
import type { Bead, FailureCause } from '../convoys/bead.ts';
import { counted as countOf } from '../feed/words.ts';
import { limits } from '../limits.ts';
import type { RigConfig } from '../rigs/rig.ts';

export type LadderStep =
  | {
      readonly kind: 'retry';
      readonly rung: 'same_agent' | 'fresh' | 'infrastructure';
      readonly restMs: number;
      /** Start again from the target instead of from the last pushed commit. */
      readonly fromTarget: boolean;
    }
  | { readonly kind: 'give_up'; readonly because: string };

/** Counters of the bead after this failure. */
export interface Counted {
  readonly failures: number;
  readonly respawns: number;
  readonly infraDeaths: number;
}

/** The branch is of no use as a start: it does not fit main, or it is gone. */
const startsOver: ReadonlySet<FailureCause> = new Set(['gate_failed', 'conflict', 'branch_gone']);
/** The polecat was killed or vanished: counted apart, because a bead that kills its polecats must stop soon. */
const deaths: ReadonlySet<FailureCause> = new Set(['lost', 'idle']);

export function countFailure(bead: Bead, cause: FailureCause): Counted {
  const { failures, respawns, infraDeaths } = bead;
  if (cause === 'red_main') return { failures, respawns, infraDeaths };
  if (cause === 'infrastructure') return { failures, respawns, infraDeaths: infraDeaths + 1 };
  return { failures: failures + 1, respawns: deaths.has(cause) ? respawns + 1 : respawns, infraDeaths };
}

export function climb(
  counted: Counted,
  cause: FailureCause,
  config: Pick<RigConfig, 'retry.same_agent' | 'retry.fresh' | 'retry.backoff_s'>,
): LadderStep {
  const fromTarget = startsOver.has(cause);
  // Not bounded: each time the queue pauses, and a human lets it go on.
  if (cause === 'red_main') return { kind: 'retry', rung: 'infrastructure', restMs: 0, fromTarget };
  if (cause === 'infrastructure') {
    if (counted.infraDeaths > limits.infraDeathsMax)
      return { kind: 'give_up', because: `its polecat's host died ${counted.infraDeaths} times` };
    return { kind: 'retry', rung: 'infrastructure', restMs: 0, fromTarget };
  }
  // Another attempt would get what is left, which was too little for one more call.
  if (cause === 'budget') return { kind: 'give_up', because: 'its budget is spent' };
  if (counted.respawns >= limits.respawnsMax)
    return { kind: 'give_up', because: `its polecat died ${counted.respawns} times; it may be what kills it` };
  const same = config['retry.same_agent'];
  const fresh = config['retry.fresh'];
  if (counted.failures > same + fresh)
    return {
      kind: 'give_up',
      because: `${countOf(counted.failures, 'attempt')} failed (${countOf(same, 'retry', 'retries')} and ${countOf(fresh, 'fresh polecat')} allowed)`,
    };
  const rests = config['retry.backoff_s'];
  const restMs = (rests[Math.min(counted.failures, rests.length) - 1] ?? 0) * 1000;
  return { kind: 'retry', rung: counted.failures <= same ? 'same_agent' : 'fresh', restMs, fromTarget };
}
