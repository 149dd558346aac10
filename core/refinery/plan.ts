/**
 * The Refinery's next move, chosen from the records alone: whatever a tick was doing when it died, the next one sees
 * the same records and goes on from there. One change at a time: a candidate is a chain of one.
 */

import { never } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Instant, Item, Oid, TaskState } from '../ports.ts';
import { inOrder } from './order.ts';
import { ungated, verdictKeyOf } from './policy.ts';
import { type Candidate, hasEndedRequest, type Landing, type MergeRequest, type Queue } from './records.ts';
import { activeCandidates, endedCandidates, membersIn, openRequests, type QueueView, queueOf } from './view.ts';

/** What a tick has found out by now, besides the records. */
export interface Facts {
  /** The town's switch: nothing new is tested or landed while it is off. */
  readonly stopped: boolean;
  /** The target's head, if this tick has read it; null if the remote has no such branch. */
  readonly main?: Oid | null | undefined;
  /** States of the tasks that run gates, by task id. */
  readonly tasks: ReadonlyMap<string, TaskState['state']>;
}

export type Move =
  | { readonly do: 'file'; readonly requests: readonly Item<MergeRequest>[] }
  | { readonly do: 'resolve'; readonly landing: Item<Landing> }
  | { readonly do: 'recheck'; readonly landings: readonly Item<Landing>[] }
  | { readonly do: 'start'; readonly members: readonly Item<MergeRequest>[] }
  | { readonly do: 'block'; readonly because: string }
  | { readonly do: 'build'; readonly candidate: Item<Candidate> }
  | { readonly do: 'judge'; readonly candidate: Item<Candidate> }
  | { readonly do: 'ask_ci'; readonly candidate: Item<Candidate> }
  | { readonly do: 'lose_gate'; readonly candidate: Item<Candidate>; readonly because: string }
  | { readonly do: 'relaunch'; readonly candidate: Item<Candidate> }
  | { readonly do: 'give_up_gate'; readonly candidate: Item<Candidate> }
  | { readonly do: 'drop'; readonly candidate: Item<Candidate>; readonly because: string }
  | { readonly do: 'land'; readonly candidate: Item<Candidate> }
  | { readonly do: 'check_main'; readonly candidate: Item<Candidate> }
  | { readonly do: 'main_is_green'; readonly candidate: Item<Candidate> }
  | { readonly do: 'main_is_red'; readonly candidate: Item<Candidate> }
  | { readonly do: 'reject'; readonly candidate: Item<Candidate> }
  | { readonly do: 'clean_up'; readonly candidates: readonly Item<Candidate>[] }
  /** `until` absent: nothing is open, only a wake brings work. */
  | { readonly do: 'rest'; readonly until?: Instant };

export function planQueue(view: QueueView, facts: Facts, now: Instant): Move {
  const queue = queueOf(view, now);
  const landing = new Set(view.landings.flatMap(({ body }) => body.members.map((member) => member.seq)));
  const toFile = view.requests.filter(({ body }) => hasEndedRequest(body) && !landing.has(body.seq));
  if (toFile.length > 0) return { do: 'file', requests: toFile.slice(0, filedAtOnceMax) };

  // What may already have reached main is settled first, paused or not.
  const open = view.landings.find(({ body }) => body.state === 'open');
  if (open) return { do: 'resolve', landing: open };
  const givenUp = view.landings.filter(({ body }) => body.state === 'given_up');
  if (givenUp.length > 0 && facts.main === undefined) return { do: 'recheck', landings: givenUp };

  if (queue.paused || facts.stopped) return atRest(view, queue, now);
  if (queue.restUntil !== undefined && queue.restUntil > now) return { do: 'rest', until: queue.restUntil };

  const waits: Instant[] = [];
  for (const candidate of inOrderOfWork(activeCandidates(view))) {
    const move = moveOf(view, queue, facts, candidate, now);
    if (move.do !== 'rest') return move;
    waits.push(move.until ?? now + limits.refineryTimerMs);
  }
  if (waits.length > 0) return { do: 'rest', until: Math.min(...waits, now + limits.refineryTimerMs) };

  const gathered = endedCandidates(view);
  if (gathered.length >= limits.cleanUpAtCandidates) return cleanUp(gathered);
  return startNext(view, queue, now) ?? (gathered.length > 0 ? cleanUp(gathered) : atRest(view, queue, now));
}

const filedAtOnceMax = 40;

const cleanUp = (candidates: readonly Item<Candidate>[]): Move => ({
  do: 'clean_up',
  candidates: candidates.slice(0, limits.cleanUpCandidatesMax),
});

/** A check of main goes before the candidate that waits for it. */
const inOrderOfWork = (candidates: readonly Item<Candidate>[]): readonly Item<Candidate>[] => [
  ...candidates.filter((candidate) => candidate.body.suspect !== undefined),
  ...candidates.filter((candidate) => candidate.body.suspect === undefined),
];

function startNext(view: QueueView, queue: Queue, now: Instant): Move | undefined {
  const waiting = openRequests(view).filter((request) => request.body.state === 'queued');
  if (waiting.length === 0) return undefined;
  const because = ungated(view.policy, view.rig);
  if (because !== undefined) return blockedBy(queue, waiting, because, now);
  const [first] = inOrder(
    waiting.map((request) => request.body),
    queue.landedSeqs ?? [],
    now,
  );
  const chosen = waiting.filter((request) => request.body.seq === first?.seq);
  return { do: 'start', members: chosen };
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

function moveOf(view: QueueView, queue: Queue, facts: Facts, was: Item<Candidate>, now: Instant): Move {
  const candidate = was.body;
  if (candidate.suspect === undefined && membersIn(view, candidate).length < candidate.members.length) {
    return { do: 'drop', candidate: was, because: 'a change in it was withdrawn' };
  }
  if (asksForOther(view, candidate)) {
    return { do: 'drop', candidate: was, because: 'the rig asks for other gates now' };
  }
  switch (candidate.state) {
    case 'planned':
      return { do: 'build', candidate: was };
    case 'built':
      return { do: 'judge', candidate: was };
    case 'running':
      return whileRunning(facts, was, now);
    case 'infra':
      if (candidate.infraFailures > limits.gateInfraRetriesMax) return { do: 'give_up_gate', candidate: was };
      return (candidate.notBefore ?? 0) > now
        ? { do: 'rest', until: candidate.notBefore ?? now }
        : { do: 'relaunch', candidate: was };
    case 'passed':
      if (candidate.suspect !== undefined) return { do: 'main_is_green', candidate: was };
      if ((candidate.passedAt ?? 0) + view.policy.verdictExpiresMs <= now) {
        return { do: 'drop', candidate: was, because: 'its pass has expired' };
      }
      return { do: 'land', candidate: was };
    case 'failed':
      return afterFailure(view, queue, was);
    case 'cancelled':
    case 'landed':
      return { do: 'rest' };
    default:
      return never(candidate.state);
  }
}

/** A verdict binds to the commands and checks that it was asked of: with others, it is asked anew. */
function asksForOther({ policy }: QueueView, candidate: Candidate): boolean {
  if (candidate.suspect !== undefined || candidate.tree === undefined) return false;
  const checks = candidate.checks ?? [];
  return (
    policy.requireCi !== checks.length > 0 || verdictKeyOf(candidate.tree, policy, checks) !== candidate.verdictKey
  );
}

function whileRunning(facts: Facts, was: Item<Candidate>, now: Instant): Move {
  const candidate = was.body;
  if (candidate.gatesPassedAt !== undefined) return { do: 'ask_ci', candidate: was };
  const task = candidate.taskId === undefined ? undefined : facts.tasks.get(candidate.taskId);
  if (task === 'stopped' || task === 'absent') {
    return { do: 'lose_gate', candidate: was, because: 'the gate task ended without a verdict' };
  }
  const deadline = candidate.deadline ?? now;
  if (deadline <= now) return { do: 'lose_gate', candidate: was, because: 'the gates gave no verdict in time' };
  return { do: 'rest', until: deadline };
}

/**
 * Nobody is rejected on the word of one run if main itself may be red: unless the base is known to pass, and nobody
 * was rejected since it did, the gates are run on main first.
 */
function afterFailure(view: QueueView, queue: Queue, was: Item<Candidate>): Move {
  const candidate = was.body;
  if (candidate.suspect !== undefined) return { do: 'main_is_red', candidate: was };
  const checking = activeCandidates(view).some((other) => other.body.suspect === candidate.id);
  if (checking) return { do: 'rest' };
  const trusted = queue.lastGreen === candidate.base;
  return { do: trusted ? 'reject' : 'check_main', candidate: was };
}
