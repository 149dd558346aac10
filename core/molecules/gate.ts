/**
 * A bead at a gate: it rests, without a polecat, until what it waits for has come. What it waits for knows of it (the
 * awaited bead, or the checks of the commit, lists it), so whoever changes that can open the gate: nobody has to ask.
 */
import { type Bead, type Gated, isLost, type Outcome, satisfies } from '../convoys/bead.ts';
import { saveBead } from '../convoys/save-bead.ts';
import { type BeadId, keys } from '../keys.ts';
import { limits } from '../limits.ts';
import { clip } from '../nearest.ts';
import type { Change, Instant, Item, PullRequestState } from '../ports.ts';
import type { Checks } from '../rigs/checks.ts';
import { isNews, isNumber, type PullRecord, pullRequestName } from '../rigs/pull-requests.ts';
import { type Step, upsert } from '../step.ts';
import { about } from './about.ts';

export type PhaseComplete = Extract<Outcome, { kind: 'phase_complete' }>;

/** What the gate is about, as it is now. */
export interface Awaited {
  readonly bead?: Item<Bead> | undefined;
  readonly checks?: Item<Checks> | undefined;
  readonly pull?: Item<PullRecord> | undefined;
  /** As its code host has it now, if that was asked. */
  readonly pullNow?: PullRequestState | { readonly unreadable: string } | undefined;
}

export type Found =
  | { readonly is: 'open'; readonly because: string }
  | { readonly is: 'blocked'; readonly because: string }
  | { readonly is: 'shut' };

export const gateOf = ({ head }: Bead, outcome: PhaseComplete, now: Instant): Gated => ({
  type: outcome.gate,
  note: outcome.note,
  since: now,
  ...(outcome.step === undefined ? {} : { step: outcome.step }),
  ...(outcome.bead === undefined ? {} : { bead: outcome.bead }),
  ...(outcome.check === undefined ? {} : { check: outcome.check }),
  ...(outcome.pr === undefined ? {} : { pr: outcome.pr }),
  ...(head === undefined ? {} : { head }),
});

/** A human and a clock are not looked at: the one answers, the other ends the rest. */
export function look(bead: Bead, gate: Gated, { bead: awaited, checks, pull, pullNow }: Awaited): Found {
  if (gate.type === 'bead') return lookAtBead(bead.id, gate.bead ?? '', awaited?.body);
  if (gate.type === 'pr') return lookAtPull(gate.pr, pull?.body.told, pullNow);
  if (gate.type !== 'ci') return { is: 'shut' };
  if (gate.check === undefined || gate.head === undefined)
    return { is: 'blocked', because: `no commit was pushed that the check ${gate.check ?? ''} could run on` };
  const state = checks?.body.reports[gate.check]?.state;
  if (state === undefined || state === 'pending') return { is: 'shut' };
  return { is: 'open', because: `the check ${gate.check} is ${state} on ${gate.head.slice(0, 10)}` };
}

function lookAtBead(waiting: BeadId, id: BeadId, awaited: Bead | undefined): Found {
  if (!awaited) return { is: 'blocked', because: `there is no bead "${id}"` };
  if (awaited.id === waiting) return { is: 'blocked', because: `${id} would wait for itself` };
  if (satisfies(awaited)) {
    const how = awaited.commit === undefined ? 'closed' : `landed as ${awaited.commit.slice(0, 10)}`;
    return { is: 'open', because: `${id} (${awaited.title}) ${how}` };
  }
  return isLost(awaited) ? { is: 'blocked', because: `${id} (${awaited.title}) is ${awaited.status}` } : { is: 'shut' };
}

/** Its host knows best, but a merge that was told of is final: the host may be behind, or let nobody read. */
function latest(told: PullRecord['told'], now: Awaited['pullNow']): Awaited['pullNow'] {
  if (!now || !told) return now ?? told;
  if ('unreadable' in now) return told.state === 'merged' ? told : now;
  return isNews(now, undefined, told) ? now : told;
}

function lookAtPull(pr: string | undefined, known: PullRecord['told'], now: Awaited['pullNow']): Found {
  const name = pullRequestName(pr);
  if (name === undefined)
    return { is: 'blocked', because: `"${clip(pr ?? '')}" is neither the number nor the branch of a pull request` };
  const ofAnother = isNumber(name) && known && name !== String(known.number);
  const told = latest(ofAnother ? undefined : known, now);
  if (told && 'unreadable' in told) return { is: 'blocked', because: told.unreadable };
  switch (told?.state) {
    case 'merged':
      return { is: 'open', because: `the pull request #${told.number} was merged` };
    case 'closed':
      return { is: 'blocked', because: `the pull request #${told.number} was closed, and not merged` };
    default:
      return { is: 'shut' };
  }
}

/** What it waits for learns of it. Guarded by that record's version: it cannot come to its end unseen. */
export function register(
  bead: Bead,
  gate: Gated,
  { bead: awaited, checks, pull }: Awaited,
  now: Instant,
): readonly Change[] {
  const named = gate.type === 'pr' ? pullRequestName(gate.pr) : undefined;
  if (named !== undefined) {
    const awaitedBy = [...new Set([...(pull?.body.awaitedBy ?? []), bead.id])];
    const expiresAt = Math.max(pull?.expiresAt ?? 0, now + limits.endedRequestKeptMs);
    return [upsert(keys.pullRequest(bead.rig, named), pull, { ...pull?.body, awaitedBy }, { expiresAt })];
  }
  if (gate.type === 'bead' && awaited) {
    const awaitedBy = [...new Set([...(awaited.body.awaitedBy ?? []), bead.id])];
    return [saveBead(awaited, { ...awaited.body, awaitedBy }, now)];
  }
  if (gate.type !== 'ci' || gate.check === undefined || gate.head === undefined) return [];
  const others = (checks?.body.awaitedBy ?? []).filter((one) => one.bead !== bead.id);
  const body: Checks = {
    reports: checks?.body.reports ?? {},
    awaitedBy: [...others, { bead: bead.id, check: gate.check }],
  };
  const expiresAt = Math.max(checks?.expiresAt ?? 0, now + limits.endedRequestKeptMs);
  return [upsert(keys.checks(bead.rig, gate.head), checks, body, { expiresAt })];
}

/** The gate is open: the bead may go on. */
export const opened = (bead: Bead, because: string, now: Instant): Bead =>
  bead.gate && bead.gate.openedAt === undefined ? { ...bead, gate: { ...bead.gate, openedAt: now, because } } : bead;

/** It waits at a gate that nothing has opened yet. */
export const isAtGate = ({ status, gate, outcome }: Bead): boolean =>
  (status === 'deferred' || status === 'escalated') &&
  outcome === undefined &&
  gate !== undefined &&
  gate.openedAt === undefined;

/** What it waits for has changed: it goes on, or a human hears why it never will. Nothing, if nothing follows. */
export function knock(was: Item<Bead>, awaited: Awaited, now: Instant): Step | undefined {
  const { restUntil: _, ...bead } = was.body;
  const { gate } = bead;
  if (!gate || !isAtGate(bead) || bead.status !== 'deferred') return undefined;
  const found = look(bead, gate, awaited);
  if (found.is === 'shut') return undefined;
  const next: Bead =
    found.is === 'open'
      ? { ...opened(bead, found.because, now), status: 'open' }
      : { ...bead, gate: { ...gate, blocked: found.because } };
  const text =
    found.is === 'open' ? `${bead.id} goes on: ${found.because}` : `${bead.id} waits in vain: ${found.because}`;
  return {
    changes: [saveBead(was, next, now)],
    effects: bead.wait ? [{ do: 'succeed_task', token: bead.wait.token }] : [],
    events: [about(bead, `gate.${found.is}`, text)],
  };
}
