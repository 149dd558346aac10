/**
 * Landing, exactly once. The record of the landing is written before the push; afterwards main is read again, and what
 * main says decides, not what the push answered. A crash at any point goes on from there.
 */
import type { Bead } from '../convoys/bead.ts';
import { defined } from '../defined.ts';
import type { Effect } from '../effects.ts';
import type { TownEvent } from '../events.ts';
import { keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Change, Instant, Item, Oid, PushResult } from '../ports.ts';
import { asJson, create, guard, replace, type Step, together } from '../step.ts';
import { isResubmitted } from './changes.ts';
import { withLanded } from './order.ts';
import { landed as arrived, emptyBoard, joined, mainMoved, withdrawn } from './planner/board.ts';
import { learnedLanding, learnedPass } from './planner/estimate.ts';
import type { Candidate, LandedBead, Landing, MergeRequest, Queue } from './records.ts';
import { runMsAfter } from './shown.ts';
import {
  activeCandidates,
  boardOf,
  causeOf,
  dropCandidate,
  estimatesOf,
  fileRequest,
  membersIn,
  moveRequest,
  openRequests,
  progress,
  type QueueView,
  queueOf,
  requestOf,
  runOf,
  saveCandidate,
  saveQueue,
  short,
  type Turn,
} from './view.ts';

/** Where main is, as seen from a landing. */
export type Standing =
  /** Contains what was to land. */
  | 'contains'
  /** Not moved yet. */
  | 'at_from'
  /** Moved on from there without it: someone else pushed. */
  | 'beyond'
  /** Lost what it had: someone rewrote it, or deleted it. */
  | 'rewritten';

/** Main is where it was when the candidate was built, or at one of its own commits: to its last one is a fast-forward. */
export const fastForwards = ({ base, members }: Candidate, main: Oid | undefined): boolean =>
  main !== undefined && (main === base || members.some(({ commit }) => commit === main));

/** What was tested is what lands: the commit of a passed candidate, on the main it was built on or has come to since. */
export function openLanding(
  view: QueueView,
  was: Item<Candidate>,
  main: Oid,
  beads: readonly Item<Bead>[],
  now: Instant,
): Turn {
  const candidate = was.body;
  const queue = queueOf(view, now);
  if (
    candidate.state !== 'passed' ||
    candidate.commit === undefined ||
    queue.openLanding !== undefined ||
    !fastForwards(candidate, main)
  ) {
    throw new Error(`BUG: candidate ${candidate.id} is ${candidate.state} and may not land`);
  }
  const epoch = queue.epoch + 1;
  const landing: Landing = {
    epoch,
    from: main,
    to: candidate.commit,
    candidate: candidate.id,
    members: membersIn(view, candidate).map(({ body }) => ({
      seq: body.seq,
      bead: body.bead,
      attempt: body.attempt,
      commit: candidate.members.find((member) => member.seq === body.seq)?.commit ?? '',
    })),
    state: 'open',
    because: `pushes ${short(candidate.commit)} onto ${short(main)}`,
    tries: 1,
    pushDeadline: now + limits.landingPushTimeoutMs,
    openedAt: now,
  };
  return {
    step: {
      changes: [
        progress(view, { epoch, openLanding: epoch, lastMain: main, ...passOf(view, candidate, now) }, now),
        create(keys.landing(view.rig, view.target, epoch), landing, { attentionAt: now + limits.refineryTimerMs }),
        // A bead cancelled in this very moment wins or loses against this commit, never both. One of those that find no
        // room here may lose it later: it has landed, and its record says so.
        ...beads.slice(0, limits.beadsGuardedMax).map((bead) => guard(bead, bead)),
      ],
    },
  };
}

/** A run that passed teaches, whether it lands or joins. */
const passOf = (view: QueueView, candidate: Candidate, now: Instant): Pick<Queue, 'estimates' | 'runMs'> => ({
  estimates: learnedPass(estimatesOf(view), boardOf(view), runOf(candidate)),
  ...defined({ runMs: runMsAfter(view.meta?.body.runMs, candidate, now) }),
});

/** Another push of the same commit onto the same main: the lease makes it harmless if the first one still arrives. */
export const tryAgain = (view: QueueView, was: Item<Landing>, now: Instant): Turn => ({
  step: {
    changes: [
      saveQueue(view, {}, now),
      replace(
        was,
        { ...was.body, tries: was.body.tries + 1, pushDeadline: now + limits.landingPushTimeoutMs },
        { attentionAt: now + limits.refineryTimerMs },
      ),
    ],
  },
});

const withoutEpochs = (
  epochs: readonly number[] | undefined,
  gone: readonly number[],
): readonly number[] | undefined => {
  const left = (epochs ?? []).filter((epoch) => !gone.includes(epoch));
  return left.length > 0 ? left : undefined;
};

/** Alarms that a landing proves to be over. A rewritten main is not among them: a human says what became of it. */
const overByLanding = [
  'landing',
  'trouble',
  'foreign-pushes',
  'refused',
  'red-main',
  'gate-infrastructure',
  'checks-slow',
  'no-progress',
] as const;

/** Where the first has landed, the other one has: it is of the same commit, or of one on the way to it. */
export const covers = ({ to, members }: Landing, other: Landing): boolean =>
  other.to === to || members.some(({ commit }) => commit === other.to);

/** Main contains it: its changes have landed, whatever was believed of them before. They hear of it, some in each commit. */
export function landed(view: QueueView, was: Item<Landing>, main: Oid, now: Instant): Turn {
  const landing = was.body;
  const queue = queueOf(view, now);
  const seqs = landing.members.map((member) => member.seq);
  const waiting = openRequests(view).flatMap(({ body }) => (seqs.includes(body.seq) ? [] : [body.seq]));
  const candidate = view.candidates.find((other) => other.body.id === landing.candidate);
  // An earlier try of the same commit, or of one on the way to it, is the same landing: it is not counted again.
  const twins = view.landings.filter((other) => other !== was && covers(landing, other.body));
  const ended = [landing.epoch, ...twins.map((twin) => twin.body.epoch)];
  const run = { content: seqs, base: landing.from, commits: landing.members.map((member) => member.commit) };
  const told = tellSome(view, { ...landing, state: 'arrived', told: 0 }, now);
  const patch = {
    lastMain: main,
    board: arrived(boardOf(view), run),
    estimates: learnedLanding(estimatesOf(view), {
      fresh: landing.members.filter((member) => !isResubmitted(member)).length,
      resubmitted: landing.members.filter(isResubmitted).length,
    }),
    rejectedSincePass: undefined,
    gateTroubles: undefined,
    foreignPushes: 0,
    landedCount: queue.landedCount + landing.members.length,
    landedSeqs: withLanded(queue.landedSeqs ?? [], seqs, waiting),
    givenUp: withoutEpochs(queue.givenUp, ended),
    openLanding: told.landing.state === 'done' ? openAfter(queue, ended) : landing.epoch,
  };
  return {
    step: together(
      {
        changes: [
          progress(view, patch, now),
          saveLanding(was, told.landing, now),
          ...twins.map((twin) => endTwin(view, twin, landing, now)),
          ...(candidate?.body.state === 'passed'
            ? [saveCandidate(candidate, { state: 'landed', because: `landed on ${view.target}` })]
            : []),
        ],
      },
      told.step,
    ),
    over: overByLanding.map((what) => causeOf(view, what)),
  };
}

/** One that is on the way to it is a landing of fewer changes, which are told with the others. */
function endTwin({ target }: QueueView, twin: Item<Landing>, landing: Landing, now: Instant): Change {
  if (twin.body.to === landing.to)
    return saveLanding(twin, { ...twin.body, state: 'done', because: `${target} contains it` }, now);
  const because = `${target} contains it with landing ${landing.epoch}`;
  const expiresAt = now + limits.endedRequestKeptMs;
  return replace(twin, { ...twin.body, state: 'given_up', because, endedAt: now }, { expiresAt });
}

/** An arrived landing goes on telling its changes. */
export function tell(view: QueueView, was: Item<Landing>, now: Instant): Turn {
  const told = tellSome(view, was.body, now);
  const queue = queueOf(view, now);
  const openLanding = told.landing.state === 'done' ? openAfter(queue, [was.body.epoch]) : queue.openLanding;
  return {
    step: together({ changes: [progress(view, { openLanding }, now), saveLanding(was, told.landing, now)] }, told.step),
  };
}

/** A landing that was given up may arrive while another one is open. */
const openAfter = ({ openLanding }: Queue, ended: readonly number[]): number | undefined =>
  openLanding === undefined || ended.includes(openLanding) ? undefined : openLanding;

const saveLanding = (was: Item<Landing>, landing: Landing, now: Instant): Change =>
  landing.state === 'done'
    ? replace(was, { ...landing, endedAt: now }, { expiresAt: now + limits.endedRequestKeptMs })
    : replace(was, landing, { attentionAt: now + limits.refineryTimerMs });

function tellSome(view: QueueView, landing: Landing, now: Instant): { landing: Landing; step: Step } {
  const from = landing.told ?? 0;
  const told = Math.min(from + limits.membersToldPerCommitMax, landing.members.length);
  const candidate = view.candidates.find((other) => other.body.id === landing.candidate)?.body;
  const isLast = told === landing.members.length;
  return {
    landing: { ...landing, told, ...(isLast ? { state: 'done', because: `${view.target} contains it` } : {}) },
    step: together(...landing.members.slice(from, told).map((member) => landedMember(view, member, candidate, now))),
  };
}

/** Its bead hears of it by an effect, which may be late: until then this keeps its other attempts off the target. */
function mark({ rig, target }: QueueView, { bead, attempt, commit }: Landing['members'][number], now: Instant): Change {
  const body = asJson({ attempt, commit } satisfies LandedBead);
  const put = { ...keys.landedBead(rig, target, bead), body, expiresAt: now + limits.endedRequestKeptMs };
  return { put, expect: { any: true } };
}

function landedMember(
  view: QueueView,
  member: Landing['members'][number],
  candidate: Candidate | undefined,
  now: Instant,
): Step {
  const request = requestOf(view, member.seq);
  const settle: Effect = {
    do: 'settle_bead',
    bead: member.bead,
    attempt: member.attempt,
    outcome: { kind: 'landed', commit: member.commit },
    ...(candidate ? { gateMs: Math.round(candidate.gateMs / candidate.members.length) } : {}),
  };
  const event: TownEvent = {
    kind: 'mr.landed',
    who: 'refinery',
    text: `${member.bead} is on ${view.target} as ${short(member.commit)}`,
    bead: member.bead,
    rig: view.rig,
    attempt: member.attempt,
    ...(request ? { convoy: request.body.convoy } : {}),
  };
  return {
    changes: [...(request ? landedRequest(view, request, member.commit, now) : []), mark(view, member, now)],
    effects: [settle],
    events: [event],
  };
}

function landedRequest(view: QueueView, was: Item<MergeRequest>, commit: Oid, now: Instant): readonly Change[] {
  const patch = { because: `landed on ${view.target} as ${short(commit)}`, commit, endedAt: now };
  // Withdrawn while the push was under way: it is on main all the same, and its record says so.
  const ended = was.body.state === 'withdrawn' ? { ...was.body, ...patch } : moveRequest(was, ['landed'], patch);
  return fileRequest(view, was, ended, now);
}

/** A change that main has already, by its trailers: landed, though no landing of it is on record. */
export function foundOnMain(
  view: QueueView,
  was: Item<Candidate>,
  member: Item<MergeRequest>,
  commit: Oid,
  now: Instant,
): Turn {
  const because = `${view.target} has it already, as ${short(commit)}`;
  const { seq, bead, attempt } = member.body;
  return {
    step: together(
      { changes: [progress(view, { board: withdrawn(boardOf(view), [seq]) }, now)] },
      dropCandidate(was, because),
      landedMember(view, { seq, bead, attempt, commit }, undefined, now),
    ),
  };
}

/** Where a push that nobody waits for any more is still possible, the landing is remembered and looked for. */
function giveUp(
  view: QueueView,
  was: Item<Landing>,
  because: string,
  mayArrive: boolean,
  now: Instant,
): { landing: Change; patch: Parameters<typeof saveQueue>[1] } {
  const landing: Landing = { ...was.body, state: 'given_up', because, endedAt: now };
  // The same push, given up before, is looked for already: one that arrives is the landing of both.
  const isTwin = ({ body }: Item<Landing>): boolean =>
    body.state === 'given_up' && body.from === landing.from && body.to === landing.to;
  const isRemembered = mayArrive && !view.landings.some(isTwin);
  return {
    landing: replace(was, landing, isRemembered ? {} : { expiresAt: now + limits.endedRequestKeptMs }),
    patch: {
      openLanding: undefined,
      ...(isRemembered ? { givenUp: [...(queueOf(view, now).givenUp ?? []), was.body.epoch] } : {}),
    },
  };
}

/** A pass on a main that has moved since: its changes have passed apart, and the next runs are built on them. */
export function join(view: QueueView, was: Item<Candidate>, main: Oid, now: Instant): Turn {
  const because = `passed on ${short(was.body.base)}, but ${view.target} is at ${short(main)} by now: joins what lands next`;
  const board = joined(boardOf(view), runOf(was.body));
  // Main is known to be good: what was rejected on it was rejected rightly.
  const proof = board.passedSinceCulprit ? { rejectedSincePass: undefined } : {};
  return {
    step: {
      changes: [
        progress(view, { board, ...proof, ...passOf(view, was.body, now) }, now),
        saveCandidate(was, { state: 'cancelled', because }),
      ],
    },
  };
}

/** Someone else moved main. What passed has passed apart, what failed is kept as evidence; all is tested on the new one. */
export function foreignPush(view: QueueView, main: Oid, was: Item<Landing> | undefined, now: Instant): Turn {
  const foreignPushes = queueOf(view, now).foreignPushes + 1;
  const because = `someone else moved ${view.target} to ${short(main)}`;
  const ended = was ? giveUp(view, was, because, false, now) : undefined;
  const candidate = view.candidates.find((other) => other.body.id === was?.body.candidate);
  const moved = mainMoved(boardOf(view));
  const board = candidate ? joined(moved, runOf(candidate.body)) : moved;
  // What the old main does by itself says nothing of the new one.
  const checks = activeCandidates(view).filter(({ body }) => body.ofMain);
  return {
    step: together(
      {
        changes: [
          progress(view, { ...ended?.patch, board, foreignPushes, lastMain: main }, now),
          ...(ended ? [ended.landing] : []),
          ...(candidate?.body.state === 'passed' ? [saveCandidate(candidate, { state: 'cancelled', because })] : []),
        ],
        events: [
          {
            kind: 'queue.foreign_push',
            who: 'refinery',
            text: `${view.rig}: ${because}; what was tested on the old one is tested again`,
            rig: view.rig,
          },
        ],
      },
      ...checks.map((check) => dropCandidate(check, because)),
    ),
    alarms:
      foreignPushes >= limits.foreignPushesMax
        ? [
            {
              cause: causeOf(view, 'foreign-pushes'),
              severity: 'medium',
              title: `Others keep moving ${view.rig} ${view.target}`,
              what: `${foreignPushes} pushes in a row came between a test and its landing.`,
              tried: 'the test again, on each new head.',
              unattended: `changes land only in the pauses of those who push. Let only the Refinery push to ${view.target}.`,
              command: `gt mq list ${view.rig}`,
              rig: view.rig,
            },
          ]
        : [],
  };
}

/** Main lost commits that it had. Nothing is landed again by itself: a human says what is to become of it. */
export function rewritten(
  view: QueueView,
  main: Oid | undefined,
  lost: readonly string[],
  was: Item<Landing> | undefined,
  now: Instant,
): Turn {
  const where =
    main === undefined
      ? 'was deleted'
      : `was rewritten: ${short(main)} does not contain ${short(queueOf(view, now).lastMain ?? was?.body.from ?? '')}`;
  const because = `${view.target} ${where}`;
  const ended = was ? giveUp(view, was, because, false, now) : undefined;
  const active = activeCandidates(view).map((candidate) => dropCandidate(candidate, because));
  return {
    step: together(
      {
        changes: [
          saveQueue(
            view,
            { ...ended?.patch, lastMain: main, board: emptyBoard, paused: { by: 'refinery', because, at: now } },
            now,
          ),
          ...(ended ? [ended.landing] : []),
        ],
        events: [{ kind: 'queue.paused', who: 'refinery', text: `${view.rig}: ${because}`, rig: view.rig }],
      },
      ...active,
    ),
    alarms: [
      {
        cause: causeOf(view, `rewritten/${main ?? 'deleted'}`),
        severity: 'high',
        title: `${view.rig} ${view.target} ${main === undefined ? 'was deleted' : 'was rewritten'}`,
        what: `${because}. ${
          lost.length > 0
            ? `Landed changes that it has lost: ${lost.join(', ')}. Put them back or submit them again.`
            : 'No landed change of late is missing.'
        }`,
        tried: 'nothing: what was landed is not landed again by itself.',
        unattended: 'the queue is paused: polecats go on working, and nothing lands.',
        command: `gt mq resume ${view.rig}`,
        rig: view.rig,
      },
    ],
  };
}

/**
 * The remote's own rules refuse what was tested: repeating will not help. The candidate keeps its pass. An earlier try may
 * have got no answer, and still arrive.
 */
export function refused(view: QueueView, was: Item<Landing> | undefined, text: string, now: Instant): Turn {
  const because = `the remote refuses pushes: ${text}`.slice(0, 1000);
  const ended = was ? giveUp(view, was, because, was.body.tries > 1, now) : undefined;
  return {
    step: {
      changes: [
        saveQueue(view, { ...ended?.patch, paused: { by: 'refinery', because, at: now } }, now),
        ...(ended ? [ended.landing] : []),
      ],
      events: [
        { kind: 'queue.paused', who: 'refinery', text: `${view.rig} ${view.target}: ${because}`, rig: view.rig },
      ],
    },
    alarms: [
      {
        cause: causeOf(view, 'refused'),
        severity: 'high',
        title: `${view.rig} refuses the Refinery's push to ${view.target}`,
        what: `${because}\nLet the Refinery's identity push there.`,
        tried: 'once: the rules of the remote would refuse it again. The pass of what was tested is kept.',
        unattended: 'the queue is paused: polecats go on working, and nothing lands.',
        command: `gt mq resume ${view.rig}`,
        rig: view.rig,
      },
    ],
  };
}

/** No clear answer, too often: the landing is let go, and tried anew after a rest; main decides about both. */
export function exhausted(view: QueueView, was: Item<Landing>, answer: PushResult | undefined, now: Instant): Turn {
  const text = answer && 'text' in answer ? answer.text : 'no answer';
  const because = `${was.body.tries} pushes without effect; the last: ${text}`.slice(0, 1000);
  const times = (queueOf(view, now).trouble?.times ?? 0) + 1;
  const ended = giveUp(view, was, because, true, now);
  return {
    step: {
      changes: [
        saveQueue(
          view,
          { ...ended.patch, trouble: { text: because, times, at: now }, restUntil: now + limits.refineryTimerMs },
          now,
        ),
        ended.landing,
      ],
    },
    alarms: [
      {
        cause: causeOf(view, 'landing'),
        severity: 'high',
        title: `Landing on ${view.rig} ${view.target} gets no answer`,
        what: `${because}.`,
        tried: 'the push, and after each try main was read: nothing lands twice.',
        unattended: 'it is tried again every minute, and nothing else lands meanwhile.',
        command: `gt mq list ${view.rig}`,
        rig: view.rig,
      },
    ],
  };
}

/** Main has moved on from where a given-up push could have landed: it cannot arrive any more. */
export const cannotArrive = (view: QueueView, was: Item<Landing>, now: Instant): Turn => ({
  step: {
    changes: [
      saveQueue(view, { givenUp: withoutEpochs(queueOf(view, now).givenUp, [was.body.epoch]) }, now),
      replace(
        was,
        { ...was.body, because: `${was.body.because}; ${view.target} has moved on without it` },
        { expiresAt: now + limits.endedRequestKeptMs },
      ),
    ],
  },
});
