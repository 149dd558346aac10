/**
 * The Refinery's next move, chosen from the records alone: whatever a tick was doing when it died, the next one sees
 * the same records and goes on from there. What is tested together, and who is to blame, is the planner's to say.
 */

import { never } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Instant, Item, Oid, TaskState } from '../ports.ts';
import { changeOf } from './changes.ts';
import { isFree, wantsLook } from './look.ts';
import { inOrder, isOverdue } from './order.ts';
import { type Decision, isOfUse, onBoard, withoutIdle } from './planner/board.ts';
import { decide } from './planner/next.ts';
import { contentOf, sameNames, ungated, verdictKeyOf } from './policy.ts';
import { type Candidate, hasEndedRequest, type Landing, type MergeRequest, type Queue } from './records.ts';
import { isReviewed } from './review.ts';
import type { ToClose } from './to-close.ts';
import {
  activeCandidates,
  boardOf,
  estimatesOf,
  forgettable,
  membersIn,
  openRequests,
  type QueueView,
  queueOf,
  requestOf,
  restOf,
  runOf,
} from './view.ts';

/** What a tick has found out by now, besides the records. */
export interface Facts {
  /** The town's switch: nothing new is tested or landed while it is off. */
  readonly stopped: boolean;
  /** The target's head, if this tick has read it; null if the remote has no such branch. */
  readonly main?: Oid | null | undefined;
  /** States of the tasks that run gates, by task id. */
  readonly tasks: ReadonlyMap<string, TaskState['state']>;
  /** Candidates whose checks, and changes whose resolver or reviews, this tick has asked about; they still wait. */
  readonly asked: ReadonlySet<string>;
}

export type Move =
  | { readonly do: 'file'; readonly requests: readonly Item<MergeRequest>[] }
  | { readonly do: 'resolve'; readonly landing: Item<Landing> }
  | { readonly do: 'tell'; readonly landing: Item<Landing> }
  | { readonly do: 'recheck'; readonly landings: readonly Item<Landing>[] }
  /** It does not fit the target: it gets a resolver, or goes back to its author. */
  | { readonly do: 'resolve_conflict'; readonly request: Item<MergeRequest> }
  /** Its resolver may have ended. */
  | { readonly do: 'judge_resolution'; readonly request: Item<MergeRequest> }
  /** Requests that nobody has looked at yet: what they touch, and what they stand on. */
  | { readonly do: 'look'; readonly requests: readonly Item<MergeRequest>[] }
  /** What people say of them: their pull requests are opened, or read. */
  | { readonly do: 'ask_reviews'; readonly requests: readonly Item<MergeRequest>[] }
  | { readonly do: 'close_pull_request'; readonly close: Item<ToClose> }
  | { readonly do: 'test'; readonly decision: Extract<Decision, { do: 'test' }> }
  | { readonly do: 'block'; readonly because: string }
  | { readonly do: 'build'; readonly candidate: Item<Candidate> }
  | { readonly do: 'ask_ci'; readonly candidate: Item<Candidate> }
  | { readonly do: 'lose_gate'; readonly candidate: Item<Candidate>; readonly because: string }
  | { readonly do: 'relaunch'; readonly candidate: Item<Candidate> }
  | { readonly do: 'give_up_gate'; readonly candidate: Item<Candidate> }
  | { readonly do: 'drop'; readonly candidate: Item<Candidate>; readonly because: string }
  | { readonly do: 'take_pass'; readonly candidate: Item<Candidate> }
  | { readonly do: 'take_failure'; readonly candidate: Item<Candidate> }
  | { readonly do: 'check_main' }
  | { readonly do: 'main_is_green'; readonly candidate: Item<Candidate> }
  | { readonly do: 'confirm_red'; readonly candidate: Item<Candidate> }
  | { readonly do: 'main_is_red'; readonly candidate: Item<Candidate> }
  | { readonly do: 'reject'; readonly decision: Extract<Decision, { do: 'reject' }> }
  /** Its convoy is over, and so is its branch. */
  | { readonly do: 'retire' }
  | { readonly do: 'clean_up'; readonly candidates: readonly Item<Candidate>[] }
  /** `until` absent: nothing is open, only a wake brings work. */
  | { readonly do: 'rest'; readonly until?: Instant };

export function planQueue(view: QueueView, facts: Facts, now: Instant): Move {
  const queue = queueOf(view, now);
  const landing = new Set(view.landings.flatMap(({ body }) => body.members.map((member) => member.seq)));
  const toFile = view.requests.filter(({ body }) => hasEndedRequest(body) && !landing.has(body.seq));
  if (toFile.length > 0) return { do: 'file', requests: toFile.slice(0, limits.requestsPerStepMax) };

  // What may already have reached main is settled first, paused or not.
  const open = view.landings.find(({ body }) => body.state === 'open' || body.state === 'arrived');
  if (open?.body.state === 'arrived') return { do: 'tell', landing: open };
  // What has just gone wrong outside would go wrong again.
  const troubled = queue.trouble === undefined ? undefined : queue.restUntil;
  if (troubled !== undefined && troubled > now) return { do: 'rest', until: troubled };
  if (open) return { do: 'resolve', landing: open };
  const givenUp = view.landings.filter(({ body }) => body.state === 'given_up');
  if (givenUp.length > 0 && facts.main === undefined) return { do: 'recheck', landings: givenUp };
  const close = view.toClose.find(({ sk }) => !facts.asked.has(sk));
  if (close && !facts.stopped) return { do: 'close_pull_request', close };
  if (isDone(view, queue) && !facts.stopped) return { do: 'retire' };

  if (queue.paused || facts.stopped) return atRest(view, queue, now);
  if (queue.restUntil !== undefined && queue.restUntil > now) return { do: 'rest', until: queue.restUntil };

  const waits: Instant[] = [];
  for (const candidate of activeCandidates(view)) {
    const move = moveOf(view, facts, candidate, now);
    if (move.do !== 'rest') return move;
    waits.push(move.until ?? now + limits.refineryTimerMs);
  }
  const conflict = view.requests.find(({ body }) => body.state === 'conflict');
  if (conflict) return { do: 'resolve_conflict', request: conflict };
  const resolving = view.requests.find(({ body }) => body.state === 'resolving' && !facts.asked.has(body.seq));
  if (resolving) return { do: 'judge_resolution', request: resolving };

  const ended = forgettable(view);
  if (ended.length >= limits.cleanUpAtCandidates) return cleanUp(ended);
  const next = startNext(view, facts, queue, now);
  if (next.do !== 'rest') return next;
  if (waits.length > 0 || next.until !== undefined) {
    return { do: 'rest', until: Math.min(...waits, next.until ?? now + limits.refineryTimerMs) };
  }
  return ended.length > 0 ? cleanUp(ended) : atRest(view, queue, now);
}

/** The queue of a convoy that is over, with nothing open in it. Before the pause: nobody will resume it. */
const isDone = (view: QueueView, { retired }: Queue): boolean =>
  view.integration?.over === true &&
  view.meta !== undefined &&
  retired === undefined &&
  view.requests.length + view.candidates.length + view.landings.length + view.toClose.length === 0;

const cleanUp = (candidates: readonly Item<Candidate>[]): Move => ({
  do: 'clean_up',
  candidates: candidates.slice(0, limits.cleanUpCandidatesMax),
});

/** What the planner wants next; a rest with an end, if something stands in its way. */
function startNext(view: QueueView, facts: Facts, queue: Queue, now: Instant): Move {
  const active = activeCandidates(view);
  const runs = active.filter(({ body }) => body.ofMain === undefined).map(({ body }) => runOf(body));
  const board = withoutIdle(boardOf(view), runs);
  const there = onBoard(board);
  const queued = openRequests(view).filter(({ body }) => body.state === 'queued');
  if (queued.length === 0) return { do: 'rest' };
  const because = ungated(view.policy, view.rig);
  if (because !== undefined) return blockedBy(queue, queued, because, now);
  // Who waits for another, or for a human, takes nobody's place.
  const mayMove = (request: MergeRequest): boolean =>
    wantsLook(view, request) || (isFree(request) && (isReviewed(view, request) || !facts.asked.has(request.seq)));
  const waiting = inOrder(
    queued.flatMap(({ body }) => (there.has(body.seq) || !mayMove(body) ? [] : [body])),
    queue.landedSeqs ?? [],
    now,
  ).slice(0, view.policy.slots * view.policy.batchMax);
  const unseen = waiting.filter((request) => wantsLook(view, request)).slice(0, limits.requestsPerStepMax);
  if (unseen.length > 0) return { do: 'look', requests: unseen.flatMap(({ seq }) => requestOf(view, seq) ?? []) };
  const free = waiting.filter(isFree);
  const unreviewed = free.filter((request) => !isReviewed(view, request) && !facts.asked.has(request.seq));
  if (unreviewed.length > 0) {
    const next = unreviewed.slice(0, limits.reviewsAskedPerStep);
    return { do: 'ask_reviews', requests: next.flatMap(({ seq }) => requestOf(view, seq) ?? []) };
  }

  const estimates = estimatesOf(view);
  const decision = decide({
    board,
    waiting: free
      .filter((request) => isReviewed(view, request))
      .map((request) => ({
        ...changeOf(request, estimates),
        ...(isOverdue(queue.landedSeqs ?? [], request) ? { overdue: true as const } : {}),
      })),
    changeOf: (id) => {
      const request = requestOf(view, id)?.body;
      return request && changeOf(request, estimates);
    },
    runs,
    checkingMain: active.some(({ body }) => body.ofMain === true),
    slots: view.policy.slots,
    // After gates that gave no verdict chains are half as long, and half again.
    batchMax: Math.max(1, view.policy.batchMax >> (queue.gateTroubles ?? 0)),
    landMax: view.policy.landMax,
    estimates,
  });
  switch (decision.do) {
    case 'test':
      return { do: 'test', decision };
    case 'reject':
      return { do: 'reject', decision };
    case 'check_main':
      return { do: 'check_main' };
    case 'wait':
      return { do: 'rest' };
    default:
      return never(decision);
  }
}

/** Says it once: on the queue, and on every change that waits for it. */
const blockedBy = (queue: Queue, waiting: readonly Item<MergeRequest>[], because: string, now: Instant): Move =>
  queue.blocked === because && waiting.every((request) => request.body.because === because)
    ? { do: 'rest', until: now + limits.refineryTimerMs }
    : { do: 'block', because };

function atRest(view: QueueView, queue: Queue, now: Instant): Move {
  const open = openRequests(view).length + activeCandidates(view).length + (queue.givenUp?.length ?? 0);
  return open > 0 || queue.openLanding !== undefined
    ? { do: 'rest', until: now + limits.refineryTimerMs }
    : { do: 'rest' };
}

function moveOf(view: QueueView, facts: Facts, was: Item<Candidate>, now: Instant): Move {
  const candidate = was.body;
  const rest = restOf(view, candidate);
  if (membersIn(view, candidate).length < rest.length || (rest.length === 0 && candidate.members.length > 0)) {
    return { do: 'drop', candidate: was, because: 'what it tests is not in the queue any more' };
  }
  if (asksForOther(view, candidate)) {
    return { do: 'drop', candidate: was, because: 'the rig asks for other gates now' };
  }
  const hasVerdict = candidate.state === 'passed' || candidate.state === 'failed';
  if (!hasVerdict && !candidate.ofMain && !isOfUse(boardOf(view), runOf(candidate))) {
    return { do: 'drop', candidate: was, because: 'its chain has gone on without what it tests' };
  }
  switch (candidate.state) {
    case 'planned':
      return { do: 'build', candidate: was };
    case 'running':
      return whileRunning(facts, was, now);
    case 'infra':
      if (candidate.infraFailures > limits.gateInfraRetriesMax) return { do: 'give_up_gate', candidate: was };
      return (candidate.notBefore ?? 0) > now
        ? { do: 'rest', until: candidate.notBefore ?? now }
        : { do: 'relaunch', candidate: was };
    case 'passed':
      if (candidate.ofMain) return { do: 'main_is_green', candidate: was };
      if ((candidate.passedAt ?? 0) + view.policy.verdictExpiresMs <= now) {
        return { do: 'drop', candidate: was, because: 'its pass has expired' };
      }
      return { do: 'take_pass', candidate: was };
    case 'failed':
      if (!candidate.ofMain) return { do: 'take_failure', candidate: was };
      // A flake would stop everybody. What failed main's checks has nothing that could be run again.
      return {
        do: candidate.confirms || candidate.gatesPassedAt !== undefined ? 'main_is_red' : 'confirm_red',
        candidate: was,
      };
    case 'cancelled':
    case 'landed':
      return { do: 'rest' };
    default:
      return never(candidate.state);
  }
}
/** A verdict binds to the commands and checks that it was asked of: with others, it is asked anew. */
function asksForOther({ policy }: QueueView, candidate: Candidate): boolean {
  const { checks = [], verdictKey } = candidate;
  if (policy.requireCi !== checks.length > 0) return true;
  // Those that the host names are read again with the checks themselves.
  const named = policy.requiredChecks;
  if (policy.requireCi && named.length > 0 && !sameNames(named, checks)) return true;
  return verdictKey !== undefined && verdictKeyOf(contentOf(candidate), policy, checks) !== verdictKey;
}

function whileRunning(facts: Facts, was: Item<Candidate>, now: Instant): Move {
  const candidate = was.body;
  if (candidate.gatesPassedAt !== undefined) {
    return facts.asked.has(candidate.id) ? { do: 'rest' } : { do: 'ask_ci', candidate: was };
  }
  const task = candidate.taskId === undefined ? undefined : facts.tasks.get(candidate.taskId);
  if (task === 'stopped' || task === 'absent') {
    return { do: 'lose_gate', candidate: was, because: 'the gate task ended without a verdict' };
  }
  const deadline = candidate.deadline ?? now;
  if (deadline <= now) return { do: 'lose_gate', candidate: was, because: 'the gates gave no verdict in time' };
  return { do: 'rest', until: deadline };
}
