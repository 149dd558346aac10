/** The town's side of core/polecats/protocol.ts: claim, beat, report; and what a human may do to a polecat. */
import type { Bead, Outcome } from '../../core/convoys/bead.ts';
import { saveBead } from '../../core/convoys/save-bead.ts';
import { never, refuse } from '../../core/errors.ts';
import { openEscalation } from '../../core/escalations/open.ts';
import { type BeadId, keys, parseBeadId } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Landed } from '../../core/molecules/prompts/polecat-work.ts';
import type { Intent } from '../../core/molecules/prompts/resolve-conflict.ts';
import { jobOf } from '../../core/polecats/job.ts';
import type { Beat, Polecat } from '../../core/polecats/polecat.ts';
import type { Ack, BeatAnswer, BeatReport, PolecatJob, Report, Subject } from '../../core/polecats/protocol.ts';
import type { Blobs, Instant, Item, Ledger, Ports } from '../../core/ports.ts';
import { asJson, recordOf, replace } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { endAttemptOf, stuckCause } from './end.ts';

export type ProtocolDeps = Pick<Ports, 'ledger' | 'blobs' | 'clock' | 'ids'>;
export type PolecatSubject = Extract<Subject, { kind: 'polecat' }>;

interface Working {
  readonly bead: Item<Bead>;
  readonly polecat: Item<Polecat>;
}

/** The bead and polecat of an attempt, while it is the current one and has not ended. */
export async function working(ledger: Ledger, { bead: id, attempt }: PolecatSubject): Promise<Working | undefined> {
  if (!parseBeadId(id)) return undefined;
  const bead = await load.bead(ledger, id);
  if (!bead || bead.body.attempt !== attempt || bead.body.polecat === undefined || bead.body.outcome) return undefined;
  if (bead.body.status !== 'hooked' && bead.body.status !== 'in_progress') return undefined;
  const polecat = await load.polecat(ledger, bead.body.polecat);
  if (!polecat || polecat.body.bead !== id || polecat.body.attempt !== attempt) return undefined;
  return { bead, polecat };
}

/**
 * Does this hash belong to the attempt's secret? The secret lives as long as the attempt: an attempt that has ended
 * has none, so its late calls are a stranger's. Comparing hashes of 256-bit secrets leaks nothing by its timing.
 */
export async function authorizePolecat(
  deps: Pick<Ports, 'ledger'>,
  subject: PolecatSubject,
  tokenHash: string,
): Promise<boolean> {
  const at = await working(deps.ledger, subject);
  return at !== undefined && tokenHash !== '' && at.polecat.body.tokenHash === tokenHash;
}

/** The job, and the bead in progress. Repeated: the same job. */
export const claimPolecat = (
  deps: ProtocolDeps,
  subject: PolecatSubject,
): Promise<PolecatJob | { readonly superseded: true }> =>
  runCommand<PolecatJob | { superseded: true }>(deps, `claim of ${subject.bead}`, async (now) => {
    const { ledger, blobs } = deps;
    const at = await working(ledger, subject);
    if (!at) return { result: { superseded: true } };
    const { bead, polecat } = at;
    const { resolves } = bead.body;
    const [{ rig, config }, molecule, spec, landed, printed, ...intents] = await Promise.all([
      load.rigConfig(ledger, bead.body.rig),
      load.molecule(ledger, bead.body.id),
      load.spec(ledger, blobs, bead.body.id),
      landedMeanwhile(ledger, bead.body),
      printedAtGate(blobs, bead.body),
      ...(resolves ? [resolves.bead, ...resolves.against] : []).map((id) => intentOf(deps, id)),
    ]);
    const result = jobOf(bead.body, spec, polecat.body, {
      rig,
      config,
      intents,
      known: { landed, printed },
      molecule: molecule?.body,
    });
    if (bead.body.status === 'in_progress') return { result };
    return {
      step: {
        changes: [
          saveBead(bead, { ...bead.body, status: 'in_progress', startedAt: now }, now),
          replace(
            polecat,
            { ...polecat.body, endsBy: now + result.timeoutMs + limits.attemptOverheadMs },
            { attentionAt: now + limits.heartbeatLateMs },
          ),
        ],
        events: [
          {
            kind: 'bead.claimed',
            who: polecat.body.name,
            text: `${polecat.body.name} works on ${bead.body.id} (attempt ${bead.body.attempt})`,
            bead: bead.body.id,
            convoy: bead.body.convoy,
            rig: bead.body.rig,
            attempt: bead.body.attempt,
          },
        ],
      },
      result,
    };
  });

/** The end of it: where a test runner sums up. Nothing if the last attempt did not fail at a gate, or its output is kept no more. */
async function printedAtGate(blobs: Blobs, { notes }: Bead): Promise<string | undefined> {
  const { cause, evidence } = notes.at(-1) ?? {};
  const bytes = cause === 'gate_failed' && evidence !== undefined ? await blobs.get(evidence) : undefined;
  return bytes && new TextDecoder().decode(bytes).trimEnd().slice(-limits.promptDataCharsMax);
}

/** The newest of its convoy's; a first attempt starts from them. */
async function landedMeanwhile(ledger: Ledger, bead: Bead): Promise<readonly Landed[]> {
  if (bead.head === undefined || bead.resolves) return [];
  const since = bead.readyAt ?? bead.createdAt;
  const beads = await load.beads(ledger, bead.convoy);
  return beads
    .filter(
      ({ body }) => body.closedReason === 'merged' && (body.closedAt ?? 0) >= since && body.target === bead.target,
    )
    .sort((a, b) => (b.body.closedAt ?? 0) - (a.body.closedAt ?? 0))
    .slice(0, limits.promptLandedShown)
    .flatMap(({ body: { id, title, commit } }) => (commit === undefined ? [] : [{ bead: id, title, commit }]));
}

async function intentOf({ ledger, blobs }: ProtocolDeps, id: BeadId): Promise<Intent> {
  const [bead, { instructions, acceptance }] = await Promise.all([load.bead(ledger, id), load.spec(ledger, blobs, id)]);
  const { title = id, answered = [], question = '', answer } = bead?.body ?? {};
  const answers = answer === undefined ? answered : [...answered, { question, answer }];
  return { bead: id, title, instructions, acceptance, answers };
}

export async function acceptBeat(
  deps: ProtocolDeps,
  beat: Omit<BeatReport, 'subject'> & { readonly subject: PolecatSubject },
): Promise<BeatAnswer> {
  const { ledger, clock, ids } = deps;
  const at = await working(ledger, beat.subject);
  if (!at) return { superseded: true };
  const { bead, polecat } = at;
  const now = clock.now();
  const { name } = polecat.body;
  const before = recordOf<Beat>(await ledger.get(keys.beat(name)))?.body;
  if (!isLate(beat, before)) {
    const written = await ledger.commit({
      id: ids.ulid(),
      changes: [
        {
          put: { ...keys.beat(name), body: asJson(nextBeat(beat, before, now)) },
          expect: { body: { bead: bead.body.id, attempt: beat.subject.attempt } },
        },
      ],
    });
    if (!written.ok) return { superseded: true };
  }
  // Whoever ended it meanwhile did not book what this beat asks for; who ends it from now on does.
  if (beat.heldUsd && !(await working(ledger, beat.subject))) return { superseded: true };
  if (beat.state === 'stuck') await sayStuck(deps, bead.body, beat.tail);
  const overspent = whyOverspent(bead.body, beat.costUsd);
  if (overspent) return { superseded: false, stop: overspent, cause: 'budget', nudge: null };
  const { nudge = null, nudgedAt } = polecat.body;
  return { superseded: false, stop: null, nudge, ...(nudgedAt === undefined ? {} : { nudgedAt }) };
}

/** A newer one was heard first: what this one tells of money is over. */
const isLate = (
  { n = Number.POSITIVE_INFINITY, subject }: Pick<BeatReport, 'n' | 'subject'>,
  before: Beat | undefined,
): boolean =>
  subject.kind === 'polecat' &&
  before?.bead === subject.bead &&
  before.attempt === subject.attempt &&
  n < (before.n ?? 0);

/** What was reserved for it is all that its bead, its convoy and the day have room for. */
function whyOverspent({ id, reservedUsd }: Bead, costUsd: number): string | undefined {
  if (reservedUsd === undefined || costUsd <= reservedUsd) return undefined;
  return `${id} has spent $${costUsd} in this attempt, of $${reservedUsd} reserved. More: gt sling ${id} --budget <dollars>`;
}

function nextBeat(beat: BeatReport & { subject: PolecatSubject }, before: Beat | undefined, now: Instant): Beat {
  const active =
    !before || beat.outputBytes > before.outputBytes || beat.step !== before.step || beat.head !== before.head;
  return {
    bead: beat.subject.bead,
    attempt: beat.subject.attempt,
    ...(beat.n === undefined ? {} : { n: beat.n }),
    at: now,
    state: beat.state,
    step: beat.step,
    costUsd: beat.costUsd,
    ...(beat.heldUsd ? { heldUsd: beat.heldUsd } : {}),
    outputBytes: beat.outputBytes,
    activeAt: active ? now : before.activeAt,
    tail: beat.tail,
    logChunks: beat.logChunks,
    ...(beat.head === undefined ? {} : { head: beat.head }),
  };
}

/** A beating polecat that says it is stuck is a question to a human, not a death. */
const sayStuck = (deps: ProtocolDeps, bead: Bead, tail: string): Promise<void> =>
  runCommand<void>(deps, `stuck ${bead.id}`, async (now) => {
    const cause = stuckCause(bead.id);
    const was = await load.escalation(deps.ledger, cause);
    const step = openEscalation(
      was,
      {
        cause,
        severity: 'high',
        title: `${bead.polecat ?? 'a polecat'} is stuck on ${bead.id}`,
        what: `${bead.id}: ${bead.title}\nIts last output:\n${tail}`,
        tried: 'nothing: it still beats, so it is not restarted.',
        unattended: 'it goes on until its time or its budget is spent; then another attempt starts.',
        command: `gt polecat nuke ${bead.polecat ?? ''}`,
        rig: bead.rig,
        convoy: bead.convoy,
        bead: bead.id,
      },
      now,
    );
    return { step, result: undefined };
  });

export async function acceptReport(
  deps: ProtocolDeps,
  report: Report & { readonly subject: PolecatSubject },
): Promise<Ack> {
  const { bead, attempt } = report.subject;
  if (!parseBeadId(bead)) return { superseded: true };
  const result = await endAttemptOf(deps, bead, attempt, {
    outcome: outcomeOf(report, deps.clock.now()),
    head: report.head,
    costUsd: report.costUsd,
    agentMs: report.agentMs,
    who: 'polecat',
  });
  return result === 'superseded' ? { superseded: true } : { accepted: true };
}

const minutes = 60_000;

function outcomeOf(report: Report, now: Instant): Outcome {
  switch (report.status) {
    case 'completed':
      return { kind: 'completed', head: report.head };
    case 'no_change':
    case 'handoff':
      return { kind: report.status, note: report.note };
    case 'phase_complete':
      return phaseOf(report, now);
    case 'deferred':
      return { kind: 'deferred', until: now + report.minutes * minutes, note: report.note };
    case 'escalated':
      return { kind: 'escalated', question: report.question, severity: report.severity };
    case 'failed': {
      const evidence = report.log.at(-1);
      return {
        kind: 'failed',
        cause: report.cause,
        detail: report.detail,
        ...(evidence === undefined ? {} : { evidence }),
      };
    }
    default:
      return never(report);
  }
}

function phaseOf(report: Extract<Report, { status: 'phase_complete' }>, now: Instant): Outcome {
  const { gate, bead, check, pr, step, note } = report;
  const until = gate === 'timer' ? (report.minutes ?? 0) : report.minutes;
  return {
    kind: 'phase_complete',
    gate,
    note,
    ...(until === undefined || gate === 'human' ? {} : { untilMs: now + until * minutes }),
    ...(bead === undefined ? {} : { bead }),
    ...(check === undefined ? {} : { check }),
    ...(pr === undefined ? {} : { pr }),
    ...(step === undefined ? {} : { step }),
  };
}

/** Passed on in the answer to the polecat's next beat. */
export const nudgePolecat = (deps: ProtocolDeps, name: string, text: string, by: string): Promise<void> =>
  runCommand<void>(deps, `nudge of ${name}`, async (now) => {
    const was = await alive(deps.ledger, name);
    const polecat: Polecat = { ...was.body, nudge: text, nudgedAt: now };
    return {
      step: {
        changes: [replace(was, polecat, { attentionAt: was.attentionAt })],
        events: [
          {
            kind: 'polecat.nudged',
            who: by,
            text: `${name} was nudged: ${text}`,
            bead: polecat.bead,
            rig: polecat.rig,
          },
        ],
      },
      result: undefined,
    };
  });

/** Ends the polecat now. Its bead goes on by the ladder, from the last pushed commit. */
export async function nukePolecat(deps: ProtocolDeps, name: string, by: string): Promise<void> {
  const { body: polecat } = await alive(deps.ledger, name);
  const outcome: Outcome = { kind: 'failed', cause: 'lost', detail: `nuked by ${by}` };
  const stop = polecat.taskId ? [{ do: 'stop_task', taskId: polecat.taskId, reason: `nuked by ${by}` } as const] : [];
  await endAttemptOf(deps, polecat.bead, polecat.attempt, { outcome, agentMs: 0, who: by }, stop);
}

async function alive(ledger: Ledger, name: string): Promise<Item<Polecat>> {
  const was = await load.polecat(ledger, name);
  if (!was) throw refuse(404, 'POLECAT_UNKNOWN', `No polecat "${name}" is alive.`, 'List them with gt polecat list.');
  return was;
}
