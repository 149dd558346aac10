/** From the line into a candidate, and back out when its branch cannot be built: pure, one step each. */
import type { FailureCause } from '../convoys/bead.ts';
import type { Effect } from '../effects.ts';
import { never } from '../errors.ts';
import type { TownEvent } from '../events.ts';
import { keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { ChainResult, Change, Instant, Item, LinkFault, Oid } from '../ports.ts';
import { create, type Step, together, upsert } from '../step.ts';
import { type Board, type Decision, started, unbuilt, withdrawn } from './planner/board.ts';
import { verdictKeyOf } from './policy.ts';
import type { Candidate, MergeRequest, MergeRequestState } from './records.ts';
import { closeLater } from './to-close.ts';
import {
  boardOf,
  causeOf,
  dropCandidate,
  fileRequest,
  moveRequest,
  progress,
  type QueueView,
  queueOf,
  requestOf,
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
  ...(boardOf(view).era > 0 ? { era: boardOf(view).era } : {}),
  strategy: view.policy.strategy,
  ref: candidateRefOf(view, id),
  state: 'planned',
  gateRun: 0,
  infraFailures: 0,
  gateMs: 0,
  createdAt: now,
});

/** The members are written down before they are built: a rebuild after a crash gives the same commits at the same ref. */
export function startCandidate(
  view: QueueView,
  id: string,
  start: {
    readonly decision: Extract<Decision, { do: 'test' }>;
    readonly base: Oid;
    readonly checks: readonly string[];
  },
  now: Instant,
): Turn {
  const { decision, base, checks } = start;
  const { chain, members } = decision;
  const candidate: Candidate = {
    ...newCandidate(view, id, base, now),
    ...(chain === undefined ? {} : { chain }),
    because: decision.because,
    members: decision.content.map((seq) => {
      const request = requestOf(view, seq)?.body;
      if (!request) throw new Error(`BUG: ${seq} is to be tested and not in the queue`);
      const { bead, attempt, head, branch } = request;
      return { seq, bead, attempt, head, branch };
    }),
    ...(checks.length > 0 ? { checks } : {}),
  };
  const board = chain !== undefined && members !== undefined ? started(boardOf(view), chain, members) : boardOf(view);
  return {
    step: {
      changes: [
        progress(view, { lastMain: base, blocked: undefined, board }, now),
        create(keys.candidate(view.rig, view.target, id), candidate),
      ],
    },
    ...(queueOf(view, now).blocked === undefined ? {} : { over: [causeOf(view, 'blocked')] }),
  };
}

/** The gates and checks, on main as it is: before anyone is blamed for what main may do by itself. */
export function startMainCheck(
  view: QueueView,
  id: string,
  main: Oid,
  { checks, confirms }: { readonly checks: readonly string[]; readonly confirms?: true },
  now: Instant,
): Turn {
  const check: Candidate = {
    ...newCandidate(view, id, main, now),
    ...(confirms ? { confirms } : {}),
    ...(checks.length > 0 ? { checks } : {}),
    verdictKey: verdictKeyOf(main, view.policy, checks),
    because: `does ${view.target} itself pass, before anyone is blamed?`,
    members: [],
    ofMain: true,
  };
  return { step: { changes: [progress(view, {}, now), create(keys.candidate(view.rig, view.target, id), check)] } };
}

/** Main failed once, which may have been a flake: once more, before everybody is stopped for it. */
export function confirmRed(view: QueueView, was: Item<Candidate>, id: string, now: Instant): Turn {
  const { base, checks = [], because } = was.body;
  const { step } = startMainCheck(view, id, base, { checks, confirms: true }, now);
  return { step: together(step, dropCandidate(was, `is run once more: ${because}`)) };
}

/** What the build adds to a candidate. */
export function built(
  view: QueueView,
  candidate: Candidate,
  commits: Extract<ChainResult, { ok: true }>['commits'],
): Partial<Candidate> {
  const head = commits[commits.length - 1];
  if (commits.length !== candidate.members.length)
    throw new Error(`BUG: ${commits.length} commits for ${candidate.members.length} changes`);
  return {
    commit: head?.oid ?? candidate.base,
    members: candidate.members.map((member, i) => ({ ...member, commit: commits[i]?.oid ?? '' })),
    ...(head ? { tree: head.tree, verdictKey: verdictKeyOf(head.tree, view.policy, candidate.checks ?? []) } : {}),
  };
}

/** The board without these changes, which are in nobody's way any more. */
const off = (view: QueueView, seqs: readonly string[]): Board => withdrawn(boardOf(view), seqs);

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

export interface LeftOut {
  readonly seq: string;
  readonly why: LinkFault;
}

/**
 * Changes that cannot be built: each leaves or waits, by its own fault. The others of the chain are tested without them.
 * More than one commit can take are found again by the next build.
 */
export function leaveOut(view: QueueView, was: Item<Candidate>, all: readonly LeftOut[], now: Instant): Turn {
  const faults = all.slice(0, limits.membersToldPerCommitMax);
  const left = faults.map(({ seq, why }): Step => {
    const request = requestOf(view, seq);
    if (!request) throw new Error(`BUG: ${seq} is not in the queue`);
    const because = explain(view, request.body, why);
    if ('with' in why && why.with === 'chain') return { changes: [saveRequest(request, [], { because })] };
    if (why.fault === 'conflict') {
      const conflict = { base: was.body.base, paths: why.paths.slice(0, limits.conflictPathsShown) };
      return { changes: [saveRequest(request, ['conflict'], { because, conflict })] };
    }
    return returnToBead(view, request, { ...fateOf(why), detail: because }, now);
  });
  const names = faults.map(({ seq }) => requestOf(view, seq)?.body.bead ?? seq).join(', ');
  const content = was.body.members.map(({ seq }) => seq);
  const board = faults.reduce(
    (before, { seq, why }) =>
      'with' in why && why.with === 'chain' ? unbuilt(before, content, seq) : withdrawn(before, [seq]),
    boardOf(view),
  );
  return {
    step: together(
      { changes: [progress(view, { board }, now)] },
      dropCandidate(was, `could not be built with ${names}`),
      ...left,
    ),
  };
}

/** The branch of a convoy has grown: back in line with what it has now, all of which is to be looked at and tested. */
export function takeNewHead(
  view: QueueView,
  was: Item<Candidate>,
  request: Item<MergeRequest>,
  head: Oid,
  now: Instant,
): Turn {
  const because = `somebody pushed ${short(head)} to ${request.body.branch}: waits for its turn with it`;
  return {
    step: together(
      {
        changes: [
          progress(view, { board: off(view, [request.body.seq]) }, now),
          saveRequest(request, [], {
            head,
            because,
            touched: undefined,
            after: undefined,
            held: undefined,
            review: undefined,
          }),
          ...closeLater(view, request.body, `${request.body.bead}: ${because}`),
        ],
      },
      dropCandidate(was, because),
    ),
  };
}

/** What a fault that is no conflict means for the change. */
function fateOf(why: Exclude<LinkFault, { fault: 'conflict' }>): Pick<Return, 'states' | 'cause'> {
  switch (why.fault) {
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
      return `branch ${request.branch} changes nothing that ${why.with === 'base' ? view.target : 'a change before it'} does not have already`;
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

export const drop = (view: QueueView, was: Item<Candidate>, because: string, now: Instant): Turn => ({
  step: together({ changes: [progress(view, {}, now)] }, dropCandidate(was, because)),
});

/** Requests that someone else ended (a cancelled convoy withdraws its own) leave the open part of the partition. */
export const fileAll = (view: QueueView, ended: readonly Item<MergeRequest>[], now: Instant): Turn => ({
  step: {
    changes: [
      saveQueue(
        view,
        {
          board: off(
            view,
            ended.map(({ body }) => body.seq),
          ),
        },
        now,
      ),
      ...ended.flatMap((was) => fileRequest(view, was, was.body, now)),
    ],
  },
});

/** Changes whose bead has moved on (cancelled, another attempt) have no business in the queue. The next step finds more. */
export function withdrawStale(view: QueueView, all: readonly Item<MergeRequest>[], now: Instant): Turn {
  const stale = all.slice(0, limits.requestsPerStepMax);
  const because = 'its bead has moved on to something else';
  return {
    step: {
      changes: [
        progress(
          view,
          {
            board: off(
              view,
              stale.map(({ body }) => body.seq),
            ),
          },
          now,
        ),
        ...stale.flatMap((was) =>
          fileRequest(view, was, moveRequest(was, ['withdrawn'], { because, endedAt: now }), now),
        ),
      ],
    },
  };
}

/** The branch of a convoy is gone. Its target is woken no more, and the ledger may forget its queue. */
export const retire = (view: QueueView, now: Instant): Turn => ({
  step: {
    changes: [
      upsert(
        keys.queue(view.rig, view.target),
        view.meta,
        { ...queueOf(view, now), retired: true, paused: undefined, blocked: undefined },
        { expiresAt: now + limits.endedRequestKeptMs },
      ),
      { delete: keys.target(view.rig, view.target), expect: { any: true } },
    ],
  },
});

export const forget = (view: QueueView, gone: readonly Item<Candidate>[], last: boolean, now: Instant): Turn => ({
  step: {
    changes: [
      saveQueue(view, {}, now, last ? 'none' : undefined),
      ...gone.map((was): Change => ({ delete: { pk: was.pk, sk: was.sk }, expect: { version: was.version } })),
    ],
  },
});
