/** What goes wrong: each seed draws which faults exist in its world, and how often they strike. */
import type { Random } from './random.ts';

/** Each with the chance that it strikes where it could, at most: some could strike at every call, some once an hour. */
const chanceMax = {
  /** A message, a feed batch, a report or a webhook arrives twice. */
  duplicate: 0.1,
  /** A call, a message or its answer takes seconds or minutes. */
  delay: 0.05,
  /** Nobody can say who moves next: without it, whoever has waited longest goes first. */
  reorder: 0,
  /** A delivery fails and comes again after its time. */
  drop: 0.05,
  /** A commit conflicts although nobody wrote: another transaction held the item. */
  conflict: 0.05,
  /** It was done, and the answer is lost. */
  lost_answer: 0.05,
  /** `Unavailable`: it was not done. */
  throttle: 0.03,
  /** The run of a function dies before, or after, a call that changes something. */
  crash_before: 0.05,
  crash_after: 0.05,
  /** Everything that a laptop holds in memory is gone; the ledger, the blobs and git stay. */
  kill_town: 0.003,
  /** A function is ended in the middle by its own time limit. */
  timeout: 0.05,
  /** Clocks of functions are apart. */
  skew: 0,
  polecat_death: 0.2,
  lost_webhook: 0.3,
  /** The news that a task has stopped does not arrive. */
  lost_stop: 0.5,
  no_capacity: 0.3,
  foreign_push: 0.5,
  rewritten_main: 0.1,
  /** A push gives no answer in time, and arrives later. */
  stalled_push: 0.3,
  unreachable_remote: 0.1,
  /** The attention index is behind. */
  stale_index: 0.1,
  /** A page of a query ends early. */
  torn_query: 0.2,
} as const;
export type FaultKind = keyof typeof chanceMax;
export const faultKinds = Object.keys(chanceMax) as readonly FaultKind[];
/** A condition of a whole world, which does not strike at a place. */
export const conditions: readonly FaultKind[] = ['reorder', 'skew'];

export interface FaultMix {
  /** Chance that it strikes where it could; a kind that is missing does not exist in this world. */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
  /** So many at most, that the town gets somewhere. */
  readonly strikesMax: number;
}

export interface Faults {
  /** True if this one strikes here and now. Draws from its own stream, so that nothing else moves. */
  strikes(kind: FaultKind, where: string): boolean;
  /** By how much one more clock is off. */
  skewMs(): number;
  /** Draws for the shape of a fault: how long, how many. */
  readonly random: Random;
  /** How many have struck, and of each kind. */
  readonly struck: number;
  readonly struckBy: ReadonlyMap<FaultKind, number>;
  /** The second phase: none strikes any more. */
  end(): void;
}

export const noFaults: FaultMix = { rates: {}, strikesMax: 0 };

const chanceToExist = 0.35;
const strikesMaxMost = 60;
const skewMaxMs = 30_000;

export function drawFaults(random: Random): FaultMix {
  const existing = faultKinds.filter(() => random.chance(chanceToExist));
  const rates = existing.map((kind) => [kind, chanceMax[kind] * 10 ** (-1.5 * random.next())] as const);
  return { rates: Object.fromEntries(rates), strikesMax: random.between(1, strikesMaxMost) };
}

/** `onStrike` hears of each. */
export function makeFaults(mix: FaultMix, random: Random, onStrike: (kind: FaultKind, where: string) => void): Faults {
  let struck = 0;
  let ended = false;
  const struckBy = new Map<FaultKind, number>();
  // One of its own for each kind: without one of them the others strike where they did.
  const streams = new Map(faultKinds.map((kind) => [kind, random.stream(kind)]));
  return {
    random,
    get struck() {
      return struck;
    },
    struckBy,
    strikes(kind, where) {
      const rate = mix.rates[kind];
      if (rate === undefined || ended || struck >= mix.strikesMax || !streams.get(kind)?.chance(rate)) return false;
      struck += 1;
      struckBy.set(kind, (struckBy.get(kind) ?? 0) + 1);
      onStrike(kind, where);
      return true;
    },
    skewMs: () => (mix.rates.skew === undefined || ended ? 0 : random.between(-skewMaxMs, skewMaxMs)),
    end() {
      ended = true;
    },
  };
}
