/** What goes wrong: each seed draws which faults exist in its world, and how often they strike. */
import type { Random } from './random.ts';

export const faultKinds = [
  /** A message, a feed batch, a report or a webhook arrives twice. */
  'duplicate',
  /** A call, a message or its answer takes seconds or minutes. */
  'delay',
  /** Nobody can say who moves next: without it, whoever has waited longest goes first. */
  'reorder',
  /** A delivery fails and comes again after its time. */
  'drop',
  /** A commit conflicts although nobody wrote: another transaction held the item. */
  'conflict',
  /** It was done, and the answer is lost. */
  'lost_answer',
  /** `Unavailable`: it was not done. */
  'throttle',
  /** The run of a function dies before, or after, a call that changes something. */
  'crash_before',
  'crash_after',
  /** Everything that a laptop holds in memory is gone; the ledger, the blobs and git stay. */
  'kill_town',
  /** A function is ended in the middle by its own time limit. */
  'timeout',
  /** Clocks of functions are apart. */
  'skew',
  'polecat_death',
  'lost_webhook',
  /** The news that a task has stopped does not arrive. */
  'lost_stop',
  'no_capacity',
  'foreign_push',
  'rewritten_main',
  /** A push gives no answer in time, and arrives later. */
  'stalled_push',
  'unreachable_remote',
  /** The attention index is behind. */
  'stale_index',
  /** A page of a query ends early. */
  'torn_query',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface FaultMix {
  /** Chance that it strikes where it could; a kind that is missing does not exist in this world. */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
  /** So many at most, that the town gets somewhere. */
  readonly strikesMax: number;
}

export interface Faults {
  /** True if this one strikes here and now. Draws from its own stream, so that nothing else moves. */
  strikes(kind: FaultKind, where: string): boolean;
  /** Draws for the shape of a fault: how long, how many. */
  readonly random: Random;
  /** How many have struck. */
  readonly struck: number;
  /** The second phase: none strikes any more. */
  end(): void;
}

export const noFaults: FaultMix = { rates: {}, strikesMax: 0 };

const chanceToExist = 0.4;

export function drawFaults(random: Random): FaultMix {
  const existing = faultKinds.filter(() => random.chance(chanceToExist));
  // From one in a thousand calls to one in twenty.
  const rates = existing.map((kind) => [kind, 10 ** -(1.3 + 1.7 * random.next())] as const);
  return { rates: Object.fromEntries(rates), strikesMax: random.between(1, 60) };
}

/** `onStrike` hears of each. `untilStrike`: the shrinker's cut, faults after so many are left out. */
export function makeFaults(mix: FaultMix, random: Random, onStrike: (kind: FaultKind, where: string) => void): Faults {
  let struck = 0;
  let ended = false;
  return {
    random,
    get struck() {
      return struck;
    },
    strikes(kind, where) {
      const rate = mix.rates[kind];
      if (rate === undefined || ended || struck >= mix.strikesMax || !random.chance(rate)) return false;
      struck += 1;
      onStrike(kind, where);
      return true;
    },
    end() {
      ended = true;
    },
  };
}
