/** What a tick sees of its queue, and how it writes: every step of a tick replaces META, so two ticks never both win. */
import type { Alarm } from '../escalations/open.ts';
import { keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Change, Instant, Item, Oid, Remote } from '../ports.ts';
import type { Cause } from '../runbooks.ts';
import { create, remove, replace, type Step, upsert } from '../step.ts';
import { type Board, emptyBoard, type Run } from './planner/board.ts';
import { type Estimates, freshEstimates } from './planner/estimate.ts';
import type { Policy } from './policy.ts';
import {
  assertCandidateTransition,
  assertMergeRequestTransition,
  type Candidate,
  hasEndedCandidate,
  hasEndedRequest,
  type Landing,
  type MergeRequest,
  type MergeRequestState,
  type Queue,
} from './records.ts';
import { closeLater, type ToClose } from './to-close.ts';

export interface QueueView {
  readonly rig: string;
  readonly target: string;
  readonly remote: Remote;
  readonly policy: Policy;
  /** Set on the queue of a convoy that lands as one: the branch that its own was, or will be, made from. */
  readonly integration?: { readonly onto: string; readonly over: boolean };
  readonly meta: Item<Queue> | undefined;
  /** Under `MR#`: open ones, and those that someone else ended and nobody has filed yet. */
  readonly requests: readonly Item<MergeRequest>[];
  readonly requestBySeq: ReadonlyMap<string, Item<MergeRequest>>;
  /** Not cleaned up yet, ended or not. */
  readonly candidates: readonly Item<Candidate>[];
  /** The open one, and those whose push may still arrive. */
  readonly landings: readonly Item<Landing>[];
  /** Pull requests whose change has left the queue; read only where the rig works with them. */
  readonly toClose: readonly Item<ToClose>[];
}

/** What a decision of the Refinery comes to. */
export interface Turn {
  readonly step: Step;
  /** Escalations to open, unless they are open already. */
  readonly alarms?: readonly Alarm[];
  /** Causes that have passed: their escalations close by themselves. */
  readonly over?: readonly Cause[];
}

const emptyQueue = (rig: string, target: string, now: Instant): Queue => ({
  rig,
  target,
  epoch: 0,
  foreignPushes: 0,
  progressAt: now,
  landedCount: 0,
  runsCount: 0,
});

export const queueOf = (view: QueueView, now: Instant): Queue =>
  view.meta?.body ?? emptyQueue(view.rig, view.target, now);

export const boardOf = (view: QueueView): Board => view.meta?.body.board ?? emptyBoard;

export const estimatesOf = (view: QueueView): Estimates => view.meta?.body.estimates ?? freshEstimates;

/** A candidate as the planner sees it. */
export const runOf = ({ chain, members, base, era }: Candidate): Run => ({
  ...(chain === undefined ? {} : { chain }),
  content: members.map(({ seq }) => seq),
  base,
  commits: members.map(({ commit }) => commit ?? ''),
  ...(era === undefined ? {} : { era }),
});

/** The next META. `undefined` in the patch takes a field away. Open work is looked at again even if nothing wakes it. */
export function saveQueue(
  view: QueueView,
  patch: { [K in keyof Queue]?: Queue[K] | undefined },
  now: Instant,
  attentionAt?: Instant | 'none',
): Change {
  const next = { ...queueOf(view, now), ...patch };
  return upsert(keys.queue(view.rig, view.target), view.meta, next, {
    attentionAt: attentionAt === 'none' ? undefined : (attentionAt ?? now + limits.refineryTimerMs),
  });
}

/** A change of something moved: what "no progress" is measured from. */
export const progress = (view: QueueView, patch: { [K in keyof Queue]?: Queue[K] | undefined }, now: Instant): Change =>
  saveQueue(view, { progressAt: now, trouble: undefined, restUntil: undefined, ...patch }, now);

export const openRequests = (view: QueueView): readonly Item<MergeRequest>[] =>
  view.requests.filter((request) => !hasEndedRequest(request.body));

export const activeCandidates = (view: QueueView): readonly Item<Candidate>[] =>
  view.candidates.filter((candidate) => !hasEndedCandidate(candidate.body));

/** Ended, and no evidence against a change of a chain that is still searched. */
export function forgettable(view: QueueView): readonly Item<Candidate>[] {
  const searched = new Set(
    boardOf(view).chains.flatMap(({ members, failures }) => (failures.length > 0 ? members : [])),
  );
  return view.candidates.filter(
    ({ body }) => hasEndedCandidate(body) && !(body.counted && searched.has(body.members.at(-1)?.seq ?? '')),
  );
}

export const requestOf = (view: QueueView, seq: string): Item<MergeRequest> | undefined => view.requestBySeq.get(seq);

export const indexed = (requests: readonly Item<MergeRequest>[]): Pick<QueueView, 'requests' | 'requestBySeq'> => ({
  requests,
  requestBySeq: new Map(requests.map((request) => [request.body.seq, request])),
});

/**
 * What of a candidate has not landed yet: all of it, or, once main has come to one of its own commits, what stands after
 * that one.
 */
export function restOf(view: QueueView, { members }: Pick<Candidate, 'members'>): Candidate['members'] {
  const main = view.meta?.body.lastMain;
  return members.slice(members.findLastIndex(({ commit }) => commit !== undefined && commit === main) + 1);
}

/** Of these, the changes that are still as they were when the candidate was built. */
export const membersIn = (view: QueueView, candidate: Pick<Candidate, 'members'>): readonly Item<MergeRequest>[] =>
  restOf(view, candidate).flatMap(({ seq, head }) => {
    const request = requestOf(view, seq);
    return request?.body.state === 'queued' && request.body.head === head ? [request] : [];
  });

/** Goes through each state in turn: all hops are checked against the table. */
export function moveRequest(
  was: Item<MergeRequest>,
  states: readonly MergeRequestState[],
  patch: { [K in keyof MergeRequest]?: MergeRequest[K] | undefined },
): MergeRequest {
  let state = was.body.state;
  for (const next of states) {
    assertMergeRequestTransition(state, next);
    state = next;
  }
  return { ...was.body, ...patch, state } as MergeRequest;
}

export const saveRequest = (...args: Parameters<typeof moveRequest>): Change => replace(args[0], moveRequest(...args));

/** An ended request leaves the open part of the partition, in the commit that ends it. */
export function fileRequest(
  view: QueueView,
  was: Item<MergeRequest>,
  ended: MergeRequest,
  now: Instant,
): readonly Change[] {
  const said = ended.state === 'landed' ? ended.because : `did not land: ${ended.because}`;
  return [
    ...closeLater(view, ended, `${ended.bead} ${said}`),
    remove(was),
    create(keys.endedMergeRequest(view.rig, view.target, ended.seq), ended, {
      expiresAt: now + limits.endedRequestKeptMs,
    }),
  ];
}

export function moveCandidate(
  was: Item<Candidate>,
  patch: { [K in keyof Candidate]?: Candidate[K] | undefined },
): Candidate {
  const next = { ...was.body, ...patch } as Candidate;
  assertCandidateTransition(was.body.state, next.state);
  return next;
}

export const saveCandidate = (...args: Parameters<typeof moveCandidate>): Change =>
  replace(args[0], moveCandidate(...args));

/** The candidate is given up, and its task, if one runs, is stopped. Its changes stay where they are on the board. */
export const dropCandidate = (was: Item<Candidate>, because: string): Step => ({
  changes: [saveCandidate(was, { state: 'cancelled', because })],
  effects:
    was.body.state === 'running' && was.body.taskId
      ? [{ do: 'stop_task', taskId: was.body.taskId, reason: because }]
      : [],
});

export const short = (oid: Oid): string => oid.slice(0, 10);
export const causeOf = <What extends string>(view: Pick<QueueView, 'rig' | 'target'>, what: What) =>
  `queue/${view.rig}/${view.target}/${what}` as const;
