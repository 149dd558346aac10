/**
 * What a queue learns of its rig: how many changes are bad, and how often a good tree fails. Each is a Beta prior and
 * counts that decay, so that a rig that changes is believed after a while. Kept in the queue's META.
 */
import type { Board, Decision, Run } from './board.ts';
import { standsFor } from './rejection.ts';

/** Decayed counts of two outcomes. */
export interface Counts {
  readonly yes: number;
  readonly no: number;
}

export interface Estimates {
  /** Bad and good among changes that came for the first time, and among those that were sent back before. */
  readonly fresh: Counts;
  readonly resubmitted: Counts;
  /** Failed and passed among runs of good trees. */
  readonly flakes: Counts;
  /** Rejections since main last passed: learned when it does, forgotten should it turn out red. */
  readonly unproven: readonly Rejection[];
}

interface Rejection {
  readonly resubmitted: boolean;
  /** The chance that it was good, and how many runs had then failed by themselves. */
  readonly falseChance: number;
  readonly failures: number;
}

const none: Counts = { yes: 0, no: 0 };
export const freshEstimates: Estimates = { fresh: none, resubmitted: none, flakes: none, unproven: [] };

interface Prior {
  /** Of a Beta distribution. */
  readonly yes: number;
  readonly no: number;
  /** Outcomes after which one counts half. */
  readonly halfLife: number;
}
const ofChanges: Prior = { yes: 1, no: 19, halfLife: 200 };
/** With 0.5, a rig without flakes confirms its culprits for another hundred runs; with less, more good changes go at first. */
const ofRuns: Prior = { yes: 0.4, no: 50, halfLife: 2000 };
const unprovenMax = 32;

const meanOf = (counts: Counts, prior: Prior): number =>
  (prior.yes + counts.yes) / (prior.yes + prior.no + counts.yes + counts.no);

/** The chance that a change is bad. Never 0 or 1: the prior keeps its weight. */
export const badChance = (estimates: Estimates, resubmitted: boolean): number =>
  meanOf(resubmitted ? estimates.resubmitted : estimates.fresh, ofChanges);

/** The chance that a good tree fails. */
export const flakeChance = (estimates: Estimates): number => meanOf(estimates.flakes, ofRuns);

/** A number from outside that must be a count: anything else is none. */
const count = (value: number): number => (Number.isFinite(value) && value > 0 ? value : 0);

/** Many outcomes at once count as they would one after the other. */
function counted(counts: Counts, prior: Prior, yes: number, no: number): Counts {
  const all = count(yes) + count(no);
  if (all === 0) return counts;
  const kept = 0.5 ** (all / prior.halfLife);
  const each = all <= 1 ? 1 : (1 - kept) / (1 - 0.5 ** (1 / prior.halfLife)) / all;
  return { yes: counts.yes * kept + count(yes) * each, no: counts.no * kept + count(no) * each };
}

/** Main is known to be good, so what was rejected on it was rejected rightly. */
function proven(estimates: Estimates): Estimates {
  let { fresh, resubmitted, flakes } = estimates;
  for (const rejection of estimates.unproven) {
    const good = Math.min(count(rejection.falseChance), 1);
    if (rejection.resubmitted) resubmitted = counted(resubmitted, ofChanges, 1 - good, good);
    else fresh = counted(fresh, ofChanges, 1 - good, good);
    // Those that failed once are stood for by the ones that were confirmed.
    if (rejection.failures > 1) flakes = counted(flakes, ofRuns, good * rejection.failures, 0);
  }
  return { fresh, resubmitted, flakes, unproven: [] };
}

/** A run passed: a good tree did not fail, and those that failed with no more in them were flakes. `board`: as it was before. */
export function learnedPass(estimates: Estimates, board: Board, run: Run): Estimates {
  const flakes = flakesShown(estimates, board, run);
  const sure = proven(estimates);
  return { ...sure, flakes: counted(sure.flakes, ofRuns, flakes, 1) };
}

function flakesShown(estimates: Estimates, { chains }: Board, run: Run): number {
  const chain = chains.find(({ id }) => id === run.chain);
  if (!chain) return 0;
  const content = new Set(run.content);
  const shown = chain.failures.filter(({ at }) => content.has(chain.members[at - 1] ?? ''));
  const risks = chain.members.map(() => badChance(estimates, false));
  const weight = standsFor(chain.members[0] ?? '', risks, chain.failures, flakeChance(estimates));
  return shown.reduce((sum, { at, times }) => sum + times * (at === 1 ? weight : 1), 0);
}

/** The gates passed on main itself: so did a good tree. */
export function learnedGreen(estimates: Estimates): Estimates {
  const sure = proven(estimates);
  return { ...sure, flakes: counted(sure.flakes, ofRuns, 0, 1) };
}

/** Main is red: whoever was rejected since it last passed taught nothing. */
export const learnedRed = (estimates: Estimates): Estimates => ({ ...estimates, unproven: [] });

/** Changes landed, so they were good. */
export const learnedLanding = (
  estimates: Estimates,
  landed: { readonly fresh: number; readonly resubmitted: number },
): Estimates => ({
  ...estimates,
  fresh: counted(estimates.fresh, ofChanges, 0, landed.fresh),
  resubmitted: counted(estimates.resubmitted, ofChanges, 0, landed.resubmitted),
});

/** A change is rejected. `board`: as it was before. */
export function learnedRejection(
  estimates: Estimates,
  board: Board,
  { chain, falseChance }: Extract<Decision, { do: 'reject' }>,
  resubmitted: boolean,
): Estimates {
  const failures = board.chains.find(({ id }) => id === chain)?.failures[0]?.times ?? 1;
  return {
    ...estimates,
    unproven: [...estimates.unproven, { resubmitted, falseChance, failures }].slice(-unprovenMax),
  };
}
