/** How a change in the queue reads to people: where it is, why, and what speaks for that. Read off the board, never stored. */
import { limits } from '../limits.ts';
import { riskOfSeq } from './changes.ts';
import { type Chain, onBoard } from './planner/board.ts';
import { runsPerLandedBound } from './planner/capacity.ts';
import { badChance, flakeChance } from './planner/estimate.ts';
import { goodChances } from './planner/posterior.ts';
import type { Candidate, MergeRequest, MergeRequestState } from './records.ts';
import { activeCandidates, boardOf, estimatesOf, type QueueView, short } from './view.ts';

export interface Shown {
  readonly state: MergeRequestState;
  /** One line. */
  readonly because: string;
  /** Blob: gate output. */
  readonly evidence?: string;
  /** The candidate that tests it now, or that failed with it. */
  readonly candidate?: string;
  /** The chance that it is the first bad change of its chain, once a run with it has failed. */
  readonly blame?: number;
}

export function shownOf(view: QueueView, request: MergeRequest): Shown {
  const { seq, state, because, evidence } = request;
  const board = boardOf(view);
  if (state !== 'queued' || !onBoard(board).has(seq)) return { state, because, ...(evidence ? { evidence } : {}) };
  const running = activeCandidates(view)
    .map(({ body }) => body)
    .find((candidate) => isIn(candidate, seq));
  const test = running ? `tested ${testOf(view, running)}` : 'waits for the next run';
  const named = running ? { candidate: running.id } : {};
  const chain = board.chains.find(({ members }) => members.includes(seq));
  if (!chain) return { state: 'testing', because: `passed apart, and lands with the next pass; ${test}`, ...named };
  const place = chain.members.indexOf(seq);
  const failure = chain.failures.findLast(({ at }) => at > place);
  if (!failure) return { state: 'testing', because: test, ...named };
  const failed = view.candidates
    .map(({ body }) => body)
    .findLast((candidate) => candidate.counted && isIn(candidate, seq));
  const blame = blameIn(view, chain)[place] ?? 0;
  return {
    state: 'suspect',
    because: `to blame by ${Math.round(100 * blame)}%: ${failure.at === 1 ? 'it failed' : `one of ${failure.at} that failed together`}; ${test}`,
    ...(failed?.evidence === undefined ? {} : { evidence: failed.evidence }),
    ...(running || !failed ? named : { candidate: failed.id }),
    blame,
  };
}

const isIn = ({ members }: Candidate, seq: string): boolean => members.some((member) => member.seq === seq);

const testOf = ({ target }: QueueView, { id, base, members, because }: Candidate): string =>
  `${members.length === 1 ? 'alone' : `with ${members.length - 1} more`} on ${target} at ${short(base)}, candidate ${id}: ${because}`;

/** For each change of the chain, the chance that it is the first bad one; nothing while no run has failed. */
export function blameIn(view: QueueView, chain: Chain): readonly number[] {
  if (chain.failures.length === 0) return [];
  const risks = chain.members.map((seq) => riskOfSeq(view, seq));
  const good = [1, ...goodChances(risks, chain.failures, flakeChance(estimatesOf(view)))];
  return chain.members.map((_, i) => (good[i] ?? 0) - (good[i + 1] ?? 0));
}

/**
 * When a change with `ahead` others before it may land, in milliseconds from now: its own run, and those that the others
 * take at the bound of runs per landed change (`planner/capacity.ts`), over the slots. `undefined` before the first run.
 */
export function landsInMs(view: QueueView, ahead: number): number | undefined {
  const runMs = view.meta?.body.runMs;
  if (runMs === undefined) return undefined;
  const estimates = estimatesOf(view);
  const runs = runsPerLandedBound(badChance(estimates, false), flakeChance(estimates));
  return Math.round(runMs * (1 + (ahead * runs) / view.policy.slots));
}

/** How long a run takes, from its start to its verdict: the newest counts for a fifth. */
export const runMsAfter = (before: number | undefined, { startedAt }: Candidate, now: number): number | undefined => {
  if (startedAt === undefined) return before;
  const ms = Math.min(Math.max(now - startedAt, 0), limits.ciSlowMs);
  return before === undefined ? ms : Math.round(before * 0.8 + ms * 0.2);
};
