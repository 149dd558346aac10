/** From the line into a candidate, and back out when its branch cannot be built: pure, one step each. */
import type { FailureCause } from '../convoys/bead.ts';
import type { Effect } from '../effects.ts';
import { never } from '../errors.ts';
import type { TownEvent } from '../events.ts';
import { keys } from '../keys.ts';
import type { ChainResult, Change, Instant, Item, LinkFault, Oid } from '../ports.ts';
import { create, type Step } from '../step.ts';
import { overtakenBy } from './order.ts';
import { verdictKeyOf } from './policy.ts';
import type { Candidate, MergeRequest, MergeRequestState } from './records.ts';
import {
  causeOf,
  dropCandidate,
  fileRequest,
  membersIn,
  moveRequest,
  progress,
  type QueueView,
  queueOf,
  saveCandidate,
  saveQueue,
  saveRequest,
  short,
  type Turn,
} from './view.ts';

/** Where CI listens when it decides; else out of everyone's way. */
const candidateRefOf = (view: QueueView, id: string): string =>
  view.policy.requireCi ? `refs/heads/gastown/${view.target}/${id}` : `refs/gastown/${view.rig}/${id}`;

const newCandidate = (
  view: QueueView,
  id: string,
  base: Oid,
  now: Instant,
): Omit<Candidate, 'members' | 'because'> => ({
  id,
  base,
  strategy: view.policy.strategy,
  ref: candidateRefOf(view, id),
  state: 'planned',
  gateRun: 0,
  infraFailures: 0,
  gateMs: 0,
  createdAt: now,
});

/** The chain is written down before it is built: a rebuild after a crash gives the same commits at the same ref. */
export function startCandidate(
  view: QueueView,
  id: string,
  start: { readonly base: Oid; readonly members: readonly Item<MergeRequest>[]; readonly checks: readonly string[] },
  now: Instant,
): Turn {
  const queue = queueOf(view, now);
  const candidate: Candidate = {
    ...newCandidate(view, id, start.base, now),
    because: `to be built on ${view.target} at ${short(start.base)}`,
    members: start.members.map(({ body }) => ({
      seq: body.seq,
      bead: body.bead,
      attempt: body.attempt,
      head: body.head,
      branch: body.branch,
    })),
    ...(start.checks.length > 0 ? { checks: start.checks } : {}),
  };
  const members = start.members.map((member) =>
    saveRequest(member, ['testing'], {
      candidate: id,
      because: `in candidate ${id}, on ${view.target} at ${short(start.base)}`,
      overtaken: overtakenBy(queue.landedSeqs ?? [], member.body.seq),
    }),
  );
  return {
    step: {
      changes: [
        progress(view, { lastMain: start.base, blocked: undefined }, now),
        create(keys.candidate(view.rig, view.target, id), candidate),
        ...members,
      ],
    },
    ...(queue.blocked === undefined ? {} : { over: [causeOf(view, 'blocked')] }),
  };
}

/** The gates, on main as it is: before anyone is blamed for what main may do by itself. */
export function startMainCheck(view: QueueView, id: string, failed: Item<Candidate>, now: Instant): Turn {
  const check: Candidate = {
    ...newCandidate(view, id, failed.body.base, now),
    ref: `refs/gastown/${view.rig}/${id}`,
    because: `does ${view.target} itself pass, before candidate ${failed.body.id} is blamed?`,
    members: [],
    suspect: failed.body.id,
  };
  return {
    step: {
      changes: [
        progress(view, {}, now),
        create(keys.candidate(view.rig, view.target, id), check),
        ...membersIn(view, failed.body).map((member) =>
          saveRequest(member, member.body.state === 'testing' ? ['suspect'] : [], {
            because: `a gate failed; ${view.target} itself is tested before anyone is blamed`,
            evidence: failed.body.evidence,
          }),
        ),
      ],
    },
  };
}

export function recordBuilt(
  view: QueueView,
  was: Item<Candidate>,
  commits: Extract<ChainResult, { ok: true }>['commits'],
  now: Instant,
): Turn {
  const candidate = was.body;
  const head = commits[commits.length - 1];
  if (commits.length !== candidate.members.length)
    throw new Error(`BUG: ${commits.length} commits for ${candidate.members.length} changes`);
  return {
    step: {
      changes: [
        progress(view, {}, now),
        saveCandidate(was, {
          state: 'built',
          commit: head?.oid ?? candidate.base,
          tree: head?.tree,
          members: candidate.members.map((member, i) => ({ ...member, commit: commits[i]?.oid ?? '' })),
          verdictKey: head ? verdictKeyOf(head.tree, view.policy, candidate.checks ?? []) : undefined,
          because: `built on ${short(candidate.base)}`,
        }),
      ],
    },
  };
}

export interface Return {
  readonly states: readonly MergeRequestState[];
  readonly cause: FailureCause;
  readonly detail: string;
  readonly evidence?: string | undefined;
  readonly gateMs?: number;
}

/** The change leaves the queue, and its bead hears why. */
export function returnToBead(view: QueueView, was: Item<MergeRequest>, reason: Return, now: Instant): Step {
  const request = was.body;
  const ended = moveRequest(was, reason.states, {
    because: reason.detail,
    endedAt: now,
    ...(reason.evidence === undefined ? {} : { evidence: reason.evidence }),
  });
  const settle: Effect = {
    do: 'settle_bead',
    bead: request.bead,
    attempt: request.attempt,
    outcome: {
      kind: 'failed',
      cause: reason.cause,
      detail: reason.detail,
      ...(reason.evidence === undefined ? {} : { evidence: reason.evidence }),
    },
    ...(reason.gateMs === undefined ? {} : { gateMs: reason.gateMs }),
  };
  const event: TownEvent = {
    kind: `mr.${ended.state}`,
    who: 'refinery',
    text: `${request.bead} did not land on ${view.target}: ${reason.detail}`,
    bead: request.bead,
    convoy: request.convoy,
    rig: view.rig,
    attempt: request.attempt,
  };
  return { changes: fileRequest(view, was, ended, now), effects: [settle], events: [event] };
}

/** A link that cannot join: it leaves or waits, by its own fault; everyone else of the chain returns to the line. */
export function linkFailed(view: QueueView, was: Item<Candidate>, link: number, why: LinkFault, now: Instant): Turn {
  const faulty = was.body.members[link];
  const request = membersIn(view, was.body).find((member) => member.body.seq === faulty?.seq);
  if (!request) throw new Error(`BUG: link ${link} is not in candidate ${was.body.id}`);
  const others = membersIn(view, was.body).filter((member) => member !== request);
  const because = explain(view, request.body, why);
  const fate = fateOf(why);
  const left: Step = fate
    ? returnToBead(view, request, { ...fate, detail: because }, now)
    : { changes: [saveRequest(request, ['queued'], { because, candidate: undefined })] };
  const changes: Change[] = [
    progress(view, {}, now),
    saveCandidate(was, { state: 'cancelled', because }),
    ...others.map((other) =>
      saveRequest(other, ['queued'], { because: 'back in line: its chain was not built', candidate: undefined }),
    ),
    ...left.changes,
  ];
  return { step: { ...left, changes } };
}

/** What a fault means for the change; nothing: it waits for the next candidate. */
function fateOf(why: LinkFault): Pick<Return, 'states' | 'cause'> | undefined {
  switch (why.fault) {
    case 'conflict':
      return why.with === 'base' ? { states: ['conflict', 'rejected'], cause: 'conflict' } : undefined;
    case 'unrelated_history':
    case 'branch_gone':
    case 'head_moved':
      return { states: ['withdrawn'], cause: 'branch_gone' };
    case 'empty':
      return { states: ['withdrawn'], cause: 'empty_result' };
    default:
      return never(why);
  }
}

const pathsShown = 10;

function explain(view: Pick<QueueView, 'target'>, request: MergeRequest, why: LinkFault): string {
  switch (why.fault) {
    case 'conflict': {
      const paths = why.paths.slice(0, pathsShown).join(', ');
      const more = why.paths.length > pathsShown ? ` and ${why.paths.length - pathsShown} more` : '';
      return `conflicts with ${why.with === 'base' ? view.target : 'a change before it'} in ${paths}${more}`;
    }
    case 'branch_gone':
      return `branch ${request.branch} was deleted before it could land`;
    case 'head_moved':
      return `branch ${request.branch} is at ${short(why.head)}, but ${short(request.head)} was submitted`;
    case 'empty':
      return `branch ${request.branch} changes nothing that ${view.target} does not have already`;
    case 'unrelated_history':
      return `branch ${request.branch} has no history in common with ${view.target}`;
    default:
      return never(why);
  }
}

/** Nothing can be tested: said once, and told to a human. */
export function block(view: QueueView, waiting: readonly Item<MergeRequest>[], because: string, now: Instant): Turn {
  const untold = waiting.filter((request) => request.body.because !== because).slice(0, 80);
  return {
    step: {
      changes: [
        saveQueue(view, { blocked: because }, now),
        ...untold.map((request) => saveRequest(request, [], { because })),
      ],
    },
    alarms: [
      {
        cause: causeOf(view, 'blocked'),
        severity: 'high',
        title: `Nothing can land on ${view.rig} ${view.target}`,
        what: `Changes that wait: ${waiting.length}. ${because}`,
        tried: 'nothing: without gates nothing is merged.',
        unattended: 'they wait.',
        command: `gt rig config ${view.rig} refinery.gates.test "<command>"`,
        rig: view.rig,
      },
    ],
  };
}

export function drop(view: QueueView, was: Item<Candidate>, because: string, now: Instant): Turn {
  const dropped = dropCandidate(view, was, because);
  return { step: { ...dropped, changes: [progress(view, {}, now), ...dropped.changes] } };
}

/** Requests that someone else ended (a cancelled convoy withdraws its own) leave the open part of the partition. */
export const fileAll = (view: QueueView, ended: readonly Item<MergeRequest>[], now: Instant): Turn => ({
  step: { changes: [saveQueue(view, {}, now), ...ended.flatMap((was) => fileRequest(view, was, was.body, now))] },
});

/** A change whose bead has moved on (cancelled, another attempt) has no business in the queue. */
export function withdrawStale(view: QueueView, stale: readonly Item<MergeRequest>[], now: Instant): Turn {
  const because = 'its bead has moved on to something else';
  return {
    step: {
      changes: [
        progress(view, {}, now),
        ...stale.flatMap((was) =>
          fileRequest(view, was, moveRequest(was, ['withdrawn'], { because, endedAt: now }), now),
        ),
      ],
    },
  };
}

export const forget = (view: QueueView, gone: readonly Item<Candidate>[], last: boolean, now: Instant): Turn => ({
  step: {
    changes: [
      saveQueue(view, {}, now, last ? 'none' : undefined),
      ...gone.map((was): Change => ({ delete: { pk: was.pk, sk: was.sk }, expect: { version: was.version } })),
    ],
  },
});
