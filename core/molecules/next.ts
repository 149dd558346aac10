/**
 * The molecule's `Next`: reads the bead's record and says what its execution waits for now. If the last outcome has
 * not been settled yet, it settles it first. Called again after every wait, by any execution of the bead, at any time:
 * everything it needs is in the record.
 */
import { type Bead, type Gated, hasEnded, type Outcome, typesWithoutCode } from '../convoys/bead.ts';
import { integrationBranch } from '../convoys/integration.ts';
import { wakeForResolver } from '../convoys/resolvers.ts';
import { saveBead } from '../convoys/save-bead.ts';
import type { Effect } from '../effects.ts';
import { never } from '../errors.ts';
import type { Escalation } from '../escalations/escalation.ts';
import { counted } from '../feed/words.ts';
import { groups, keys } from '../keys.ts';
import { limits } from '../limits.ts';
import { retryMetric } from '../metrics.ts';
import type { Instant, Item, Oid } from '../ports.ts';
import { submitMergeRequest } from '../refinery/submit.ts';
import { worksFromPrompt } from '../rigs/config.ts';
import type { RigConfig } from '../rigs/rig.ts';
import { standInLine } from '../scheduler/line.ts';
import { type Breaker, noFailures, withFailure } from '../scheduler/records.ts';
import { type Step, together, upsert } from '../step.ts';
import { about } from './about.ts';
import { askHuman, type BeadOnRecord, type Failed, giveUpBead, wakeConvoy } from './before-a-human.ts';
import { type Awaited, gateOf, isAtGate, look, opened, type PhaseComplete, register } from './gate.ts';
import { climb, countFailure } from './ladder.ts';
import { isBeforeMayor, mayBeTriaged, withCase } from './triage.ts';

export type Go = 'line' | 'work' | 'rest' | 'gate' | 'merge' | 'triage' | 'landed' | 'given_up' | 'superseded';

export interface Next {
  readonly go: Go;
  /** For `rest`: how long, at least 1. */
  readonly seconds?: number;
  readonly step?: Step;
}

export interface Seen extends BeadOnRecord {
  readonly convoyCreatedAt: Instant;
  readonly config: RigConfig;
  readonly breaker: Item<Breaker> | undefined;
  /** The town has a model, so that its Mayor can read why a bead failed. */
  readonly triages: boolean;
  /** For a bead that lands its convoy: where the convoy's branch is; absent if nothing was merged into it. */
  readonly tip?: Oid | undefined;
  /** For a bead that stops at a gate: what the gate is about. */
  readonly awaited?: Awaited;
}

/** `seq`: a fresh ULID, the place of a merge request if one is made. */
export function next(seen: Seen, run: number, seq: string, now: Instant): Next {
  const bead = seen.bead.body;
  if (bead.run !== run) return { go: 'superseded' };
  if (hasEnded(bead)) return { go: bead.status === 'closed' ? 'landed' : 'given_up' };
  if (bead.outcome) return settle(seen, bead.outcome, seq, now);
  switch (bead.status) {
    case 'hooked':
    case 'in_progress':
      return { go: 'work' };
    case 'submitted':
      return { go: 'merge' };
    case 'escalated':
      return { go: 'gate' };
    case 'open':
    case 'deferred':
      return waiting(seen, seq, now);
    default:
      throw new Error(`BUG: ${bead.id} is ${bead.status}`);
  }
}

/** An open or deferred bead: working, resting, or in line for a slot. */
function waiting(seen: Seen, seq: string, now: Instant): Next {
  const was = seen.bead;
  const bead = was.body;
  if (bead.admittedAt !== undefined) return { go: 'work' };
  if (isAtGate(bead) && bead.gate?.type !== 'timer') {
    const { restUntil, ...rested } = bead;
    const late = restUntil !== undefined && restUntil <= now ? 'nothing came of it in time' : undefined;
    const because = bead.gate?.blocked ?? late;
    if (because !== undefined) return ask(seen, rested, 'medium', inVain(because), now);
  }
  if (bead.restUntil !== undefined && bead.restUntil > now) return rest(bead.restUntil, now);
  if (isBeforeMayor(bead)) return { go: 'triage' };
  if (bead.inLine !== undefined) return { go: 'line' };
  if (needsNoPolecat(bead, seen.config)) return submitTip(seen, seq, now);
  const { restUntil: _, ...rested } = bead;
  const stood = standInLine({ ...opened(rested, 'its time was over', now), status: 'open' }, now);
  return {
    go: 'line',
    step: {
      changes: [saveBead(was, stood.bead, now), stood.change],
      effects: [{ do: 'wake', queue: 'ticks', group: groups.scheduler(bead.rig) }],
    },
  };
}

/** A convoy's branch lands as it is; once that has failed, somebody has to work on it, if the rig has anyone. */
const needsNoPolecat = ({ landsConvoy, failures }: Bead, config: RigConfig): boolean =>
  landsConvoy === true && (failures === 0 || !worksFromPrompt(config));

function submitTip(seen: Seen, seq: string, now: Instant): Next {
  const { polecat: _polecat, restUntil: _rest, ...bead } = seen.bead.body;
  const branch = integrationBranch(bead.convoy);
  if (seen.tip === undefined) {
    const closed: Bead = { ...bead, status: 'closed', closedReason: 'no_change', closedAt: now };
    return {
      go: 'landed',
      step: {
        changes: [saveBead(seen.bead, closed, now)],
        effects: [wakeConvoy(bead)],
        events: [about(bead, 'bead.closed', `${bead.id} has nothing to land: no bead has changed anything`)],
      },
    };
  }
  return submit(seen, { ...bead, attempt: bead.attempt + 1, branch }, seen.tip, seq, now);
}

const rest = (until: Instant, now: Instant, step?: Step): Next => ({
  go: 'rest',
  seconds: Math.max(1, Math.ceil((until - now) / 1000)),
  ...(step ? { step } : {}),
});

function settle(seen: Seen, outcome: Outcome, seq: string, now: Instant): Next {
  const { outcome: _, ...bead } = seen.bead.body;
  switch (outcome.kind) {
    case 'completed':
      return bead.resolves ? handOver(seen, bead, outcome.head, now) : submit(seen, bead, outcome.head, seq, now);
    case 'no_change':
      return closeWithoutCode(seen, bead, outcome.note, now);
    case 'deferred':
      return putBack(seen, bead, outcome.until, `deferred: ${outcome.note}`, now);
    case 'phase_complete':
      return stopAtGate(seen, bead, outcome, now);
    case 'escalated':
      return ask(seen, bead, outcome.severity, outcome.question, now);
    case 'handoff':
      return handOn(seen, bead, outcome.note, now);
    case 'failed':
      return fail(seen, bead, outcome, now);
    case 'landed':
      throw new Error(`BUG: ${bead.id}: a landing closes the bead itself`);
    default:
      return never(outcome);
  }
}

/** Until the gate opens; of all but a timer, until a human has to decide at the latest. */
function stopAtGate(seen: Seen, was: Bead, outcome: PhaseComplete, now: Instant): Next {
  const gate = gateOf(was, outcome, now);
  const bead: Bead = { ...was, gate };
  const { awaited = {} } = seen;
  const until = outcome.untilMs ?? now + limits.gateWaitDefaultMs;
  const why = `waits at a ${gate.type} gate: ${outcome.note}`;
  if (gate.type === 'human' || (gate.type === 'timer' && outcome.untilMs === undefined))
    return ask(seen, bead, 'medium', approval(bead, outcome.note), now);
  const found = look(bead, gate, awaited);
  if (found.is === 'blocked') return ask(seen, bead, 'medium', inVain(found.because), now);
  if (found.is === 'open') return putBack(seen, opened(bead, found.because, now), now, why, now);
  const put = putBack(seen, bead, until, why, now);
  return put.go === 'rest'
    ? {
        ...put,
        step: together(put.step, { changes: register(bead, gate, awaited, now), effects: asksHost(gate, bead) }),
      }
    : put;
}

const approval = ({ id, title }: Bead, note: string): string =>
  `approve the next phase: ${note.trim() || title}\nAny answer opens the gate. To refuse: gt bead close ${id} --note "…"`;

/** Its host may know what nobody has told the town. */
const asksHost = ({ type }: Gated, { id }: Bead): readonly Effect[] =>
  type === 'pr' ? [{ do: 'open_gate', bead: id }] : [];

const inVain = (because: string): string =>
  `its gate will not open by itself: ${because}. An answer sends it on all the same`;

function submit(seen: Seen, bead: Bead, head: string, seq: string, now: Instant): Next {
  const submitted: Bead = { ...bead, status: 'submitted', submittedAt: now, mergeRequest: seq, head };
  return {
    go: 'merge',
    step: together(
      { changes: [saveBead(seen.bead, submitted, now)] },
      submitMergeRequest({ bead: submitted, head, convoyCreatedAt: seen.convoyCreatedAt, seq, now }),
    ),
  };
}

/** A resolver has no merge request of its own: the one that it works for judges what is on its branch. */
function handOver(seen: Seen, bead: Bead, head: string, now: Instant): Next {
  const closed: Bead = { ...bead, status: 'closed', closedReason: 'resolved', head, closedAt: now };
  const text = `${bead.id} has a resolution for ${bead.resolves?.bead}: ${head.slice(0, 10)}`;
  return {
    go: 'landed',
    step: {
      changes: [saveBead(seen.bead, closed, now)],
      effects: [wakeConvoy(bead), ...wakeForResolver(bead)],
      events: [about(bead, 'bead.closed', text)],
    },
  };
}

function closeWithoutCode(seen: Seen, bead: Bead, note: string, now: Instant): Next {
  if (!typesWithoutCode.has(bead.type))
    return fail(
      seen,
      bead,
      { kind: 'failed', cause: 'empty_result', detail: `a ${bead.type} must change something` },
      now,
    );
  const closed: Bead = { ...bead, status: 'closed', closedReason: 'no_change', closedAt: now };
  return {
    go: 'landed',
    step: {
      changes: [saveBead(seen.bead, closed, now)],
      effects: [wakeConvoy(bead)],
      events: [about(bead, 'bead.closed', `${bead.id} closed without a change: ${note}`)],
    },
  };
}

/** Every time costs a polecat: one that never gets further must not go round for ever. */
function putBack(seen: Seen, bead: Bead, until: Instant, why: string, now: Instant): Next {
  if (bead.attempt >= limits.attemptsUnaskedMax)
    return ask(
      seen,
      bead,
      'high',
      `after ${counted(bead.attempt, 'attempt')}, is this still worth another? It was ${why}`,
      now,
    );
  const deferred: Bead = { ...bead, status: 'deferred', restUntil: until };
  return rest(until, now, {
    changes: [saveBead(seen.bead, deferred, now)],
    events: [about(bead, 'bead.deferred', `${bead.id} ${why}`)],
  });
}

/** Another polecat goes on at once, in the place that the bead has in line: nothing has failed. */
function handOn(seen: Seen, bead: Bead, note: string, now: Instant): Next {
  // A resolver starts from the conflict each time: nobody could go on from what it left.
  if (bead.resolves)
    return fail(seen, bead, { kind: 'failed', cause: 'agent_failed', detail: `gave up: ${note}` }, now);
  const count = (bead.handoff?.count ?? 0) + 1;
  const { attempt } = bead;
  if (count > limits.handoffsMax) {
    const again: Bead = { ...bead, handoff: { attempt, note, count: 0 } };
    return ask(seen, again, 'high', `after ${count} handoffs, is this one piece of work? The last says: ${note}`, now);
  }
  const handed: Bead = { ...bead, status: 'open', handoff: { attempt, note, count } };
  const stood = standInLine(handed, now);
  return {
    go: 'line',
    step: {
      changes: [saveBead(seen.bead, stood.bead, now), stood.change],
      effects: [{ do: 'wake', queue: 'ticks', group: groups.scheduler(bead.rig) }],
      events: [about(bead, 'bead.handed_on', `${bead.id} attempt ${attempt} hands on: ${note}`)],
    },
  };
}

function ask(seen: Seen, bead: Bead, severity: Escalation['severity'], question: string, now: Instant): Next {
  return { go: 'gate', step: askHuman(seen, bead, severity, question, now) };
}

function fail(seen: Seen, bead: Bead, failed: Failed, now: Instant): Next {
  const counted = countFailure(bead, failed.cause);
  const step = climb(counted, failed.cause, seen.config);
  const note = {
    attempt: bead.attempt,
    polecat: bead.polecat ?? '',
    cause: failed.cause,
    detail: failed.detail,
    ...(bead.head === undefined ? {} : { head: bead.head }),
    ...(failed.evidence === undefined ? {} : { evidence: failed.evidence }),
  };
  const noted: Bead = { ...bead, ...counted, notes: [...bead.notes, note].slice(-limits.attemptNotesKept) };
  const breaker: Step =
    failed.cause === 'infrastructure' || failed.cause === 'red_main'
      ? { changes: [] }
      : { changes: [upsert(keys.breaker(), seen.breaker, withFailure(seen.breaker?.body ?? noFailures, now))] };
  // The ladder of a conflict is its merge request's: another resolver, then the author again, then a human.
  if (bead.resolves && (step.kind === 'give_up' || step.rung !== 'infrastructure'))
    return giveBack(seen, noted, failed, breaker, now);
  if (step.kind === 'give_up') return atTheEnd(seen, noted, failed, step.because, breaker, now);

  // Without a polecat there is no line to stand in: its turn comes after a rest, however short.
  const restMs = needsNoPolecat(noted, seen.config) ? Math.max(step.restMs, 1000) : step.restMs;
  // What was approved went with the work.
  const { head: _head, gate: _gate, ...headless } = noted;
  const open: Bead = {
    ...(step.fromTarget ? headless : noted),
    status: 'open',
    spent: { ...noted.spent, backoffMs: noted.spent.backoffMs + restMs },
    ...(restMs > 0 ? { restUntil: now + restMs } : {}),
  };
  const text = `${bead.id} attempt ${bead.attempt} failed (${failed.cause}): ${failed.detail}; ${step.rung} retry in ${restMs / 1000} s`;
  const events = [{ ...about(bead, 'bead.retried', text), measured: { [retryMetric[step.rung]]: 1 } }];
  if (restMs > 0) {
    return rest(now + restMs, now, together(breaker, { changes: [saveBead(seen.bead, open, now)], events }));
  }
  const stood = standInLine(open, now);
  return {
    go: 'line',
    step: together(breaker, {
      changes: [saveBead(seen.bead, stood.bead, now), stood.change],
      effects: [{ do: 'wake', queue: 'ticks', group: groups.scheduler(bead.rig) }],
      events,
    }),
  };
}

function giveBack(seen: Seen, bead: Bead, { cause, detail }: Failed, breaker: Step, now: Instant): Next {
  return {
    go: 'given_up',
    step: together(breaker, {
      changes: [saveBead(seen.bead, { ...bead, status: 'failed' }, now)],
      effects: [wakeConvoy(bead), ...wakeForResolver(bead)],
      events: [about(bead, 'bead.failed', `${bead.id} did not resolve it: ${cause}: ${detail}`)],
    }),
  };
}

/** The Mayor reads the evidence first, where there is one and words could mend it; else a human does. */
function atTheEnd(seen: Seen, bead: Bead, failed: Failed, because: string, breaker: Step, now: Instant): Next {
  if (!seen.triages || !mayBeTriaged(bead, failed.cause, seen.config))
    return { go: 'given_up', step: together(breaker, giveUpBead(seen, bead, failed, because, now)) };
  const text = `${bead.id} failed: ${because}; ${failed.cause}: ${failed.detail}; the Mayor reads why`;
  return {
    go: 'triage',
    step: together(breaker, {
      changes: [saveBead(seen.bead, withCase(bead, because, now), now)],
      events: [about(bead, 'bead.triaging', text)],
    }),
  };
}
