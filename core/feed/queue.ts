/** A merge queue in figures and words: what runs on what, which chains are under suspicion, what it has learned. Pure. */
import type { BeadId } from '../keys.ts';
import type { Chain } from '../refinery/planner/board.ts';
import { runsPerLandedBound } from '../refinery/planner/capacity.ts';
import { badChance, type Counts, flakeChance } from '../refinery/planner/estimate.ts';
import type { Candidate } from '../refinery/records.ts';
import { blameIn } from '../refinery/shown.ts';
import { activeCandidates, boardOf, estimatesOf, type QueueView, requestOf, short } from '../refinery/view.ts';
import { listed, percent, times } from './words.ts';

interface RunShown extends Candidate {
  /** What it tests, on what, in words. */
  readonly about: string;
}

interface ChainShown {
  readonly id: string;
  /** In the order in which they would land. */
  readonly beads: readonly BeadId[];
  readonly failures: readonly { readonly at: number; readonly times: number }[];
  /** For each bead, the chance that it is the first bad one; none without a failure. */
  readonly blame: readonly { readonly bead: BeadId; readonly chance: number }[];
  /** One line. */
  readonly about: string;
}

/** A chance, and how many outcomes speak for it (older ones count less). */
interface Learned {
  readonly chance: number;
  readonly observed: number;
}

export interface QueueAccount {
  readonly slots: { readonly total: number; readonly used: number };
  readonly batchMax: number;
  readonly runs: readonly RunShown[];
  readonly chains: readonly ChainShown[];
  /** They passed apart, and land with the next pass on the target as it is. */
  readonly joined: readonly BeadId[];
  readonly learned: { readonly bad: Learned; readonly badAgain: Learned; readonly flake: Learned };
  /** Gate runs for each change that landed, so far; absent before the first. */
  readonly runsPerLanded?: number;
  /** No policy needs fewer, were the chances exactly those that were learned. */
  readonly runsPerLandedBound: number;
}

export const beadOfSeq = (view: QueueView, seq: string): BeadId => requestOf(view, seq)?.body.bead ?? seq;

export function accountOfQueue(view: QueueView): QueueAccount {
  const { runsCount = 0, landedCount = 0 } = view.meta?.body ?? {};
  const { chains, joined } = boardOf(view);
  const active = activeCandidates(view).map(({ body }) => body);
  const estimates = estimatesOf(view);
  const learned = {
    bad: learnedOf(badChance(estimates, false), estimates.fresh),
    badAgain: learnedOf(badChance(estimates, true), estimates.resubmitted),
    flake: learnedOf(flakeChance(estimates), estimates.flakes),
  };
  return {
    slots: { total: view.policy.slots, used: active.length },
    batchMax: view.policy.batchMax,
    runs: active.map((candidate) => ({ ...candidate, about: aboutRun(view, candidate) })),
    chains: chains.map((chain) => chainShown(view, chain)),
    joined: joined.map((seq) => beadOfSeq(view, seq)),
    learned,
    ...(landedCount > 0 ? { runsPerLanded: runsCount / landedCount } : {}),
    runsPerLandedBound: runsPerLandedBound(learned.bad.chance, learned.flake.chance),
  };
}

const learnedOf = (chance: number, { yes, no }: Counts): Learned => ({ chance, observed: Math.round(yes + no) });

/** `gr-7k2m9q-1 and gr-7k2m9q-2, on gr-7k2m9q-9, which passed apart, on main at 1a2b3c4d5e`. */
export function aboutRun(view: QueueView, { members, base, ofMain }: Candidate): string {
  const on = `${view.target} at ${short(base)}`;
  if (ofMain) return `${on} itself, before anyone is blamed`;
  const joined = new Set(boardOf(view).joined);
  const under = members.filter(({ seq }) => joined.has(seq)).map(({ bead }) => bead);
  const own = members.filter(({ seq }) => !joined.has(seq)).map(({ bead }) => bead);
  if (own.length === 0) return `${listed(under)}, which passed apart, on ${on}`;
  const stands = under.length > 0 ? `, on ${listed(under, 3)}, which passed apart,` : '';
  return `${listed(own)}${stands} on ${on}`;
}

const blamedShown = 3;

function chainShown(view: QueueView, chain: Chain): ChainShown {
  const beads = chain.members.map((seq) => beadOfSeq(view, seq));
  const chances = blameIn(view, chain);
  const blame = beads.flatMap((bead, i) => (chances[i] === undefined ? [] : [{ bead, chance: chances[i] }]));
  const failures = chain.failures.map(({ at, times: count }) => ({ at, times: count }));
  return { id: chain.id, beads, failures, blame, about: aboutChain(beads, failures, blame) };
}

function aboutChain(beads: readonly BeadId[], failures: ChainShown['failures'], blame: ChainShown['blame']): string {
  const names = listed(beads);
  if (failures.length === 0) return `${names}: nothing failed so far`;
  const runs = failures.map(({ at, times: count }) => `${firstOf(at, beads.length)} failed ${times(count)}`).join(', ');
  const most = [...blame].sort((a, b) => b.chance - a.chance).slice(0, blamedShown);
  const none = 1 - blame.reduce((sum, { chance }) => sum + chance, 0);
  const guess = most.map(({ bead, chance }) => `${bead} ${percent(chance)}`).join(', ');
  return `${names}: ${runs}; to blame: ${guess}, nobody ${percent(Math.max(0, none))}`;
}

const firstOf = (at: number, all: number): string =>
  all === 1 ? 'it' : at === all ? (all === 2 ? 'both' : `all ${all}`) : at === 1 ? 'the first' : `the first ${at}`;
