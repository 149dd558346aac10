/**
 * Landing, exactly once. The record of the landing is written before the push; afterwards main is read again, and what
 * main says decides, not what the push answered. A crash at any point goes on from there.
 */
import type { Bead } from '../convoys/bead.ts';
import type { Effect } from '../effects.ts';
import type { TownEvent } from '../events.ts';
import { keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Change, Instant, Item, Oid, PushResult } from '../ports.ts';
import { create, guard, replace, type Step, together } from '../step.ts';
import { withLanded } from './order.ts';
import type { Candidate, Landing, MergeRequest } from './records.ts';
import {
  causeOf,
  dropCandidate,
  fileRequest,
  membersIn,
  moveRequest,
  openRequests,
  progress,
  type QueueView,
  queueOf,
  requestOf,
  requeue,
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

/** What was tested is what lands: the commit of a passed candidate, on the main it was built on. */
export function openLanding(view: QueueView, was: Item<Candidate>, beads: readonly Item<Bead>[], now: Instant): Turn {
  const candidate = was.body;
  const queue = queueOf(view, now);
  if (candidate.state !== 'passed' || candidate.commit === undefined || queue.openLanding !== undefined) {
    throw new Error(`BUG: candidate ${candidate.id} is ${candidate.state} and may not land`);
  }
  const epoch = queue.epoch + 1;
  const landing: Landing = {
    epoch,
    from: candidate.base,
    to: candidate.commit,
    candidate: candidate.id,
    members: membersIn(view, candidate).map(({ body }) => ({
      seq: body.seq,
      bead: body.bead,
      attempt: body.attempt,
      commit: candidate.members.find((member) => member.seq === body.seq)?.commit ?? '',
    })),
    state: 'open',
    because: `pushes ${short(candidate.commit)} onto ${short(candidate.base)}`,
    tries: 1,
    pushDeadline: now + limits.landingPushTimeoutMs,
    openedAt: now,
  };
  return {
    step: {
      changes: [
        progress(view, { epoch, openLanding: epoch, lastMain: candidate.base }, now),
        create(keys.landing(view.rig, view.target, epoch), landing, { attentionAt: now + limits.refineryTimerMs }),
        // A bead cancelled in this very moment wins or loses against this commit, never both.
        ...beads.map((bead) => guard(bead, bead)),
        ...membersIn(view, candidate).map((member) =>
          replace(member, { ...member.body, because: `lands on ${view.target} as ${short(candidate.commit ?? '')}` }),
        ),
      ],
    },
  };
}

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
] as const;

/** Main contains it: its changes have landed, whatever was believed of them before. */
export function landed(view: QueueView, was: Item<Landing>, main: Oid, now: Instant): Turn {
  const landing = was.body;
  const queue = queueOf(view, now);
  const seqs = landing.members.map((member) => member.seq);
  const waiting = openRequests(view).flatMap(({ body }) => (seqs.includes(body.seq) ? [] : [body.seq]));
  const candidate = view.candidates.find((other) => other.body.id === landing.candidate);
  // An earlier try of the same commit that was given up is the same landing: it is not counted again.
  const twins = view.landings.filter((other) => other !== was && other.body.to === landing.to);
  const done = (other: Item<Landing>): Change =>
    replace(
      other,
      { ...other.body, state: 'done', because: `${view.target} contains it`, endedAt: now },
      { expiresAt: now + limits.endedRequestKeptMs },
    );
  return {
    step: together(
      {
        changes: [
          progress(
            view,
            {
              lastMain: main,
              lastGreen: landing.to,
              rejectedSincePass: undefined,
              gateTroubles: undefined,
              foreignPushes: 0,
              landedCount: queue.landedCount + landing.members.length,
              landedSeqs: withLanded(queue.landedSeqs ?? [], seqs, waiting),
              givenUp: withoutEpochs(queue.givenUp, [landing.epoch, ...twins.map((twin) => twin.body.epoch)]),
              ...(queue.openLanding === landing.epoch ? { openLanding: undefined } : {}),
            },
            now,
          ),
          ...[was, ...twins].map(done),
          ...(candidate?.body.state === 'passed'
            ? [saveCandidate(candidate, { state: 'landed', because: `landed on ${view.target}` })]
            : []),
        ],
      },
      ...landing.members.map((member) => landedMember(view, member, candidate?.body, now)),
    ),
    over: overByLanding.map((what) => causeOf(view, what)),
  };
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
    ...(candidate ? { gateMs: candidate.gateMs } : {}),
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
    changes: request ? landedRequest(view, request, member.commit, now) : [],
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
  const others = membersIn(view, was.body).filter((other) => other !== member);
  return {
    step: together(landedMember(view, { seq, bead, attempt, commit }, undefined, now), {
      changes: [
        progress(view, {}, now),
        saveCandidate(was, { state: 'cancelled', because }),
        ...others.map((other) => requeue(other, 'back in line: its chain was not built')),
      ],
    }),
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
  return {
    landing: replace(was, landing, mayArrive ? {} : { expiresAt: now + limits.endedRequestKeptMs }),
    patch: {
      openLanding: undefined,
      ...(mayArrive ? { givenUp: [...(queueOf(view, now).givenUp ?? []), was.body.epoch] } : {}),
    },
  };
}

/** Someone else moved main: the chain has lost its base, and is built again on the new one. What it taught is kept. */
export function foreignPush(
  view: QueueView,
  main: Oid,
  was: { landing?: Item<Landing>; candidate?: Item<Candidate> | undefined },
  now: Instant,
): Turn {
  const foreignPushes = queueOf(view, now).foreignPushes + 1;
  const because = `someone else moved ${view.target} to ${short(main)}`;
  const ended = was.landing ? giveUp(view, was.landing, because, false, now) : undefined;
  return {
    step: together(was.candidate ? dropCandidate(view, was.candidate, because) : undefined, {
      changes: [
        progress(view, { ...ended?.patch, foreignPushes, lastMain: main }, now),
        ...(ended ? [ended.landing] : []),
      ],
      events: [
        {
          kind: 'queue.foreign_push',
          who: 'refinery',
          text: `${view.rig}: ${because}; what was tested on the old one is tested again`,
          rig: view.rig,
        },
      ],
    }),
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
  was: { landing?: Item<Landing>; candidate?: Item<Candidate> | undefined },
  now: Instant,
): Turn {
  const where =
    main === undefined
      ? 'was deleted'
      : `was rewritten: ${short(main)} does not contain ${short(queueOf(view, now).lastMain ?? was.landing?.body.from ?? '')}`;
  const because = `${view.target} ${where}`;
  const ended = was.landing ? giveUp(view, was.landing, because, false, now) : undefined;
  return {
    step: together(was.candidate ? dropCandidate(view, was.candidate, because) : undefined, {
      changes: [
        saveQueue(
          view,
          { ...ended?.patch, lastMain: main, lastGreen: undefined, paused: { by: 'refinery', because, at: now } },
          now,
        ),
        ...(ended ? [ended.landing] : []),
      ],
      events: [{ kind: 'queue.paused', who: 'refinery', text: `${view.rig}: ${because}`, rig: view.rig }],
    }),
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

/** The remote's own rules refuse what was tested: repeating will not help. The candidate keeps its pass. */
export function refused(view: QueueView, was: Item<Landing> | undefined, text: string, now: Instant): Turn {
  const because = `the remote refuses pushes: ${text}`.slice(0, 1000);
  const ended = was ? giveUp(view, was, because, false, now) : undefined;
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
