/** `gt why`: for anything the town knows, the chain of reasons for its state, each in one line. Pure: facts in, lines out. */
import type { Bead, BeadStatus, Gated } from '../convoys/bead.ts';
import type { Convoy } from '../convoys/convoy.ts';
import { defined } from '../defined.ts';
import { never } from '../errors.ts';
import type { Escalation } from '../escalations/escalation.ts';
import { isAtGate } from '../molecules/gate.ts';
import { isBeforeMayor } from '../molecules/triage.ts';
import type { Beat, Polecat } from '../polecats/polecat.ts';
import type { Instant } from '../ports.ts';
import type { Candidate, MergeRequest, Queue } from '../refinery/records.ts';
import type { Shown } from '../refinery/shown.ts';
import type { Switch } from '../scheduler/records.ts';
import { counted } from './words.ts';

export interface Reason {
  /** What the line is about: `bead gh-7k2m9q-3`, `town`. */
  readonly about: string;
  readonly status: string;
  /** One sentence: why. */
  readonly because: string;
  readonly since?: Instant;
  /** Blob with the log or gate output: `gt polecat log`, `/v1/blobs/<hash>`. */
  readonly evidence?: string;
  /** What a human can do; absent where there is nothing to do but wait. */
  readonly todo?: string;
}

/** As the queue's board has it: what is under test or under suspicion says so. */
export type ShownRequest = Pick<MergeRequest, 'bead' | 'submittedAt' | 'endedAt'> & Shown;

export interface BeadFacts {
  readonly bead: Bead;
  readonly convoy: Convoy;
  readonly needs: readonly Bead[];
  readonly mergeRequest?: ShownRequest | undefined;
  readonly queue?: Queue | undefined;
  readonly polecat?: Polecat | undefined;
  readonly beat?: Beat | undefined;
  readonly estop?: Switch | undefined;
  /** The escalation of the bead's own cause, if it was ever opened. */
  readonly escalation?: Escalation | undefined;
}

export function whyBead(facts: BeadFacts): Reason[] {
  const { bead } = facts;
  const own: Reason = defined({
    about: `bead ${bead.id}`,
    status: bead.status,
    because: becauseOf(facts),
    since: sinceOf(bead),
    evidence: bead.notes.at(-1)?.evidence,
    todo: todoOf(facts),
  });
  const needs =
    bead.status === 'open' ? facts.needs.filter((need) => bead.blockedBy.includes(need.id)).map(whyNeed) : [];
  const earlier = bead.notes.map(
    (note): Reason =>
      defined({
        about: `attempt ${note.attempt}`,
        status: note.cause,
        because: `${note.polecat}: ${note.detail}`,
        evidence: note.evidence,
      }),
  );
  const triaged = (bead.triage?.decisions ?? []).map(
    (made): Reason => ({
      about: `triage after attempt ${made.attempt}`,
      status: made.verdict,
      because: `mayor: ${made.why}`,
      since: made.at,
      evidence: made.record,
    }),
  );
  const merge = facts.mergeRequest && bead.status === 'submitted' ? [whyMergeRequest(facts.mergeRequest)] : [];
  const queue = facts.queue && bead.status === 'submitted' ? pauseOf(facts.queue) : [];
  const work = facts.polecat ? [whyPolecat(facts.polecat, facts.beat)] : [];
  const stopped = facts.estop?.stopped && bead.status !== 'closed' ? [whyStopped(facts.estop)] : [];
  return [own, ...needs, ...work, ...merge, ...queue, ...stopped, ...earlier, ...triaged];
}

function becauseOf({ bead, convoy, needs, escalation }: BeadFacts): string {
  switch (bead.status) {
    case 'open':
      return whyOpen(bead, convoy, needs);
    case 'hooked':
      return `${bead.polecat ?? 'A polecat'} has it on the hook and starts (attempt ${bead.attempt}).`;
    case 'in_progress':
      return `${bead.polecat ?? 'A polecat'} works on ${bead.branch ?? 'its branch'} (attempt ${bead.attempt}).`;
    case 'submitted':
      return `Its branch ${bead.branch ?? ''} waits for the Refinery to test and land it.`;
    case 'closed':
      return bead.commit
        ? `Landed on ${bead.target} as ${bead.commit.slice(0, 10)}.`
        : bead.closedReason === 'no_change'
          ? 'It needed no change, which its type allows.'
          : bead.resolves && bead.closedReason === 'resolved'
            ? `It handed its resolution over to the merge request of ${bead.resolves.bead}.`
            : 'It was superseded by other work.';
    case 'deferred':
      if (bead.gate && isAtGate(bead)) return whyAtGate(bead.gate, bead.restUntil);
      return `It was put back${bead.notes.at(-1) ? `: ${bead.notes.at(-1)?.detail}` : '.'}`;
    case 'escalated':
      return bead.outcome?.kind === 'escalated'
        ? `It waits for a human: ${bead.outcome.question}`
        : `It waits for a human${escalation ? `: ${escalation.title}` : '.'}`;
    case 'failed':
      return `It failed after ${counted(bead.attempt, 'attempt')}${bead.notes.at(-1) ? `: ${bead.notes.at(-1)?.detail}` : '.'}`;
    case 'cancelled':
      return 'A human, or the end of its convoy, cancelled it.';
    default:
      return never(bead.status);
  }
}

function whyAtGate({ type, bead, check, head, pr, note }: Gated, until: Instant | undefined): string {
  const what = {
    human: 'for a human',
    timer: 'for its time',
    bead: `until ${bead} has landed`,
    ci: `for the check ${check} of ${head?.slice(0, 10)}`,
    pr: `until the pull request ${pr} was merged`,
  }[type];
  const end = until === undefined ? '' : `, until ${utc(until)}${type === 'timer' ? '' : ' at the latest'}`;
  return `It waits at a ${type} gate ${what}${end}${note ? `: ${note}` : '.'}`;
}

function whyOpen(bead: Bead, convoy: Convoy, needs: readonly Bead[]): string {
  if (convoy.status === 'staged') return `Its convoy ${convoy.id} waits for approval.`;
  if (convoy.status === 'planning') return `Its convoy ${convoy.id} is still being planned.`;
  if (bead.blockedForGood) return 'A bead that it needs failed or was cancelled.';
  const names = needs.filter((need) => bead.blockedBy.includes(need.id)).map((need) => need.name);
  if (names.length > 0) return `It starts when ${names.join(', ')} ${names.length > 1 ? 'have' : 'has'} landed.`;
  if (bead.inLine !== undefined) return 'It is ready and stands in line for a polecat.';
  if (isBeforeMayor(bead)) return whyBeforeMayor(bead);
  if (bead.restUntil !== undefined) return `It rests until ${utc(bead.restUntil)} before its next attempt.`;
  if (bead.admittedAt !== undefined) return 'It has a slot, and a polecat is being started.';
  return 'It is about to be put in line.';
}

function whyBeforeMayor({ triage, restUntil }: Bead): string {
  const { because = '', misses = 0 } = triage?.open ?? {};
  const rests =
    restUntil === undefined || misses === 0
      ? ''
      : `; its model did not answer, and is asked again at ${utc(restUntil)}`;
  return `The Mayor reads why it failed, and decides what becomes of it: ${because}${rests}.`;
}

const sinceOf = (bead: Bead): Instant =>
  ({
    open: bead.readyAt ?? bead.createdAt,
    hooked: bead.hookedAt ?? bead.createdAt,
    in_progress: bead.startedAt ?? bead.hookedAt ?? bead.createdAt,
    submitted: bead.submittedAt ?? bead.createdAt,
    closed: bead.closedAt ?? bead.createdAt,
    deferred: bead.submittedAt ?? bead.createdAt,
    escalated: bead.startedAt ?? bead.createdAt,
    failed: bead.closedAt ?? bead.startedAt ?? bead.createdAt,
    cancelled: bead.closedAt ?? bead.createdAt,
  })[bead.status];

function todoOf({ bead, convoy, escalation }: BeadFacts): string | undefined {
  if (bead.status === 'open' && convoy.status === 'staged') return `gt convoy launch ${convoy.id}`;
  if (bead.blockedForGood) return `gt convoy retry ${convoy.id}`;
  const commands: Partial<Record<BeadStatus, string>> = {
    failed: `gt sling ${bead.id}`,
    // A question may have been closed without an answer: the bead can still be sent on.
    escalated: escalation && escalation.status !== 'closed' ? answerTo(escalation) : `gt sling ${bead.id}`,
  };
  return commands[bead.status];
}

const answerTo = (escalation: Escalation): string => `gt escalations answer ${escalation.id} "…"`;

const whyNeed = (need: Bead): Reason => ({
  about: `bead ${need.id}`,
  status: need.status,
  because: `needed: ${need.name}, ${need.title}`,
  since: sinceOf(need),
  ...(need.status === 'failed' || need.status === 'cancelled' ? { todo: `gt why ${need.id}` } : {}),
});

export const whyMergeRequest = (request: ShownRequest): Reason =>
  defined({
    about: `merge request of ${request.bead}`,
    status: request.state,
    because: request.because,
    since: request.endedAt ?? request.submittedAt,
    evidence: request.evidence,
    todo: request.endedAt === undefined ? `gt mq why ${request.bead}` : undefined,
  });

const pauseOf = (queue: Queue): Reason[] =>
  queue.paused
    ? [
        {
          about: `queue ${queue.rig} ${queue.target}`,
          status: 'paused',
          because: `${queue.paused.by}: ${queue.paused.because}`,
          since: queue.paused.at,
          todo: `gt mq resume ${queue.rig} --target ${queue.target}`,
        },
      ]
    : [];

export const whyStopped = (estop: Switch): Reason => ({
  about: 'town',
  status: 'stopped',
  because: `${estop.by}: ${estop.because}`,
  since: estop.at,
  todo: 'gt thaw',
});

export function whyPolecat(polecat: Polecat, beat: Beat | undefined): Reason {
  const current = beat && beat.bead === polecat.bead && beat.attempt === polecat.attempt ? beat : undefined;
  return {
    about: `polecat ${polecat.name}`,
    status: current?.state ?? 'starting',
    because: current
      ? `On ${polecat.bead}, attempt ${polecat.attempt}: ${current.step || current.state}; last heard of at ${utc(current.at)}.`
      : `Hooked ${polecat.bead}, attempt ${polecat.attempt}; no heartbeat yet.`,
    since: polecat.hookedAt,
    ...(current?.state === 'stuck' ? { todo: `gt polecat log ${polecat.name}` } : {}),
  };
}

export function whyConvoy(convoy: Convoy, beads: readonly Bead[], estop: Switch | undefined): Reason[] {
  const { landed, total } = convoy.progress;
  const because: Record<Convoy['status'], string> = {
    planning: convoy.modelTrouble
      ? `The Mayor asks its model again and again for a plan. The last time: ${convoy.modelTrouble}.`
      : 'The Mayor is turning the intent into beads.',
    staged: 'It waits for approval.',
    open: `${landed} of ${total} beads have landed.`,
    landed: `All ${total} beads have landed.`,
    stalled: convoy.stalledBecause ?? convoy.faults?.map((fault) => fault.what).join(' ') ?? 'A bead failed.',
    cancelled: 'A human cancelled it.',
  };
  const own: Reason = defined({
    about: `convoy ${convoy.id}`,
    status: convoy.status,
    because: because[convoy.status],
    since: convoy.closedAt ?? convoy.progressAt,
    todo:
      convoy.status === 'staged'
        ? `gt convoy launch ${convoy.id}`
        : convoy.status === 'stalled'
          ? stalledTodo(convoy, beads)
          : undefined,
  });
  const unfinished = beads
    .filter((bead) => bead.status !== 'closed' && bead.status !== 'cancelled')
    .map((bead) => ({
      about: `bead ${bead.id}`,
      status: bead.status,
      because: becauseOf({ bead, convoy, needs: beads.filter((need) => bead.needs.includes(need.id)) }),
      since: sinceOf(bead),
    }));
  return [own, ...unfinished, ...(estop?.stopped ? [whyStopped(estop)] : [])];
}

/** A refused plan is shown with all of its faults. A retry sends failed beads on. Without one, a bead that asks says how to answer, and the rest can only be given up. */
function stalledTodo(convoy: Convoy, beads: readonly Bead[]): string {
  if (convoy.faults !== undefined) return `gt convoy show ${convoy.id}`;
  if (beads.some((bead) => bead.status === 'failed')) return `gt convoy retry ${convoy.id}`;
  const asks = beads.find((bead) => bead.status === 'escalated');
  return asks ? `gt why ${asks.id}` : `gt convoy cancel ${convoy.id}`;
}

export const whyCandidate = (candidate: Candidate): Reason =>
  defined({
    about: `candidate ${candidate.id}`,
    status: candidate.state,
    because: `${candidate.because} It holds ${candidate.members.map((member) => member.bead).join(', ')}.`,
    since: candidate.passedAt ?? candidate.startedAt ?? candidate.createdAt,
    evidence: candidate.evidence,
  });

export const whyEscalation = (escalation: Escalation): Reason =>
  defined({
    about: `escalation ${escalation.id}`,
    status: escalation.status,
    because: `${escalation.severity}: ${escalation.title}. ${escalation.body}`.trim(),
    since: escalation.closedAt ?? escalation.openedAt,
    todo:
      escalation.status === 'closed'
        ? undefined
        : escalation.bead
          ? answerTo(escalation)
          : `gt escalations close ${escalation.id}`,
  });

const utc = (at: Instant): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
