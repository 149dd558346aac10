/**
 * One tick of a convoy: who is ready, who is blocked for good, how far it is, whether it ends. The only writer of
 * readiness and progress. Works in chunks: `more` asks for another tick after this commit.
 */
import { closeEscalation } from '../escalations/close.ts';
import { type Escalation, escalationId } from '../escalations/escalation.ts';
import { openEscalation } from '../escalations/open.ts';
import { type BeadId, groups } from '../keys.ts';
import { limits } from '../limits.ts';
import { beadCause } from '../molecules/before-a-human.ts';
import type { Instant, Item } from '../ports.ts';
import { standInLine } from '../scheduler/line.ts';
import { guard, replace, type Step, together } from '../step.ts';
import { type Bead, hasEnded, isLost, isPlanned, satisfies } from './bead.ts';
import { type Convoy, type ConvoyStatus, nextConvoyStatuses, type Progress } from './convoy.ts';
import { wakeIntegration } from './integration.ts';
import { landingLetter } from './report.ts';
import { saveBead } from './save-bead.ts';

export interface TickResult {
  readonly step: Step | undefined;
  readonly more: boolean;
}

export const stalledCause = (convoy: string) => `convoy/${convoy}/stalled` as const;

export function tickConvoy(
  meta: Item<Convoy>,
  beads: readonly Item<Bead>[],
  escalation: Item<Escalation> | undefined,
  now: Instant,
): TickResult {
  const convoy = meta.body;
  const launched = convoy.launchedAt !== undefined && (convoy.status === 'open' || convoy.status === 'stalled');
  if (!launched) return { step: undefined, more: false };

  const all = beads.map((bead) => bead.body);
  const view: View = {
    merged: new Set(all.filter(satisfies).map((bead) => bead.id)),
    blocked: blockedForGood(all),
  };
  const moves = beads.flatMap((bead) => readiness(bead, view, now));
  if (moves.length > 0) {
    const chunk = moves.slice(0, limits.beadsPerConvoyCommitMax);
    const step = together({ changes: [guard(meta, meta)] }, ...chunk.map((move) => move.step), {
      changes: [],
      effects: chunk.some((move) => move.ready) ? [wakeScheduler(convoy.rig)] : [],
    });
    return { step, more: true };
  }
  return { step: settle(meta, all, view, escalation, now), more: false };
}

const wakeScheduler = (rig: string) => ({ do: 'wake', queue: 'ticks', group: groups.scheduler(rig) }) as const;

interface View {
  readonly merged: ReadonlySet<BeadId>;
  readonly blocked: ReadonlySet<BeadId>;
}

/** Beads that have a lost need, directly or through others. Linear in beads and needs. */
function blockedForGood(beads: readonly Bead[]): ReadonlySet<BeadId> {
  const dependents = new Map<BeadId, BeadId[]>();
  for (const bead of beads) {
    for (const need of bead.needs) {
      const others = dependents.get(need);
      if (others) others.push(bead.id);
      else dependents.set(need, [bead.id]);
    }
  }
  const blocked = new Set<BeadId>();
  const reached = beads.filter(isLost).map((bead) => bead.id);
  for (let id = reached.pop(); id !== undefined; id = reached.pop()) {
    for (const dependent of dependents.get(id) ?? []) {
      if (blocked.has(dependent)) continue;
      blocked.add(dependent);
      reached.push(dependent);
    }
  }
  return blocked;
}

interface Move {
  readonly step: Step;
  readonly ready: boolean;
}

/** What the tick changes about one bead that has not been started: at most one thing. */
function readiness(was: Item<Bead>, { merged, blocked }: View, now: Instant): Move[] {
  const bead = was.body;
  if (hasEnded(bead) && bead.awaitedBy !== undefined) return [{ ready: false, step: tellWaiting(was, now) }];
  if (bead.status !== 'open' || bead.run > 0 || bead.inLine !== undefined || bead.admittedAt !== undefined) return [];
  if (blocked.has(bead.id) !== bead.blockedForGood) {
    const next = { ...bead, blockedForGood: !bead.blockedForGood };
    const text = next.blockedForGood
      ? `${bead.id} is blocked for good: a need of it failed or was cancelled`
      : `${bead.id} may start again`;
    return [
      { ready: false, step: { changes: [saveBead(was, next, now)], events: [eventOf(bead, 'bead.blocked', text)] } },
    ];
  }
  if (!bead.needs.every((need) => merged.has(need))) return [];
  if (bead.landsConvoy) return [{ ready: false, step: startLanding(was, now) }];
  const stood = standInLine(bead, now);
  return [
    {
      ready: true,
      step: {
        changes: [saveBead(was, stood.bead, now), stood.change],
        events: [eventOf(bead, 'bead.ready', `${bead.id} is ready: ${bead.title}`)],
      },
    },
  ];
}

/** Beads at a gate wait for its end; some are told now, the others by the next tick. One may have failed and be retried: whoever waits then asks again. */
export function tellWaiting(was: Item<Bead>, now: Instant): Step {
  const { awaitedBy = [], ...bead } = was.body;
  const rest = awaitedBy.slice(limits.gatesToldPerBeadMax);
  const next: Bead = { ...bead, ...(rest.length === 0 ? {} : { awaitedBy: rest }) };
  return {
    changes: [saveBead(was, next, now)],
    effects: awaitedBy
      .slice(0, limits.gatesToldPerBeadMax)
      .map((waiting) => ({ do: 'open_gate', bead: waiting }) as const),
  };
}

/** Nobody works on it, so it stands in no line and takes no slot. */
function startLanding(was: Item<Bead>, now: Instant): Step {
  const bead: Bead = { ...was.body, run: 1, readyAt: now, blockedBy: [] };
  return {
    changes: [saveBead(was, bead, now)],
    effects: [{ do: 'start_molecule', bead: bead.id, run: bead.run }],
    events: [eventOf(bead, 'bead.ready', `${bead.id} is ready: ${bead.title}`)],
  };
}

const eventOf = (bead: Bead, kind: string, text: string) => ({
  kind,
  who: 'convoys',
  text,
  bead: bead.id,
  convoy: bead.convoy,
  rig: bead.rig,
});

export function progressOf(all: readonly Bead[]): Progress {
  const beads = all.filter(isPlanned);
  const count = (test: (bead: Bead) => boolean): number => beads.filter(test).length;
  return {
    total: beads.length,
    landed: count((bead) => bead.status === 'closed'),
    failed: count((bead) => bead.status === 'failed'),
    cancelled: count((bead) => bead.status === 'cancelled'),
    blocked: count((bead) => bead.blockedForGood && !hasEnded(bead)),
  };
}

/** Nothing of a cancelled convoy is under way any more. */
export const isCleared = ({ status, progress }: Convoy): boolean =>
  status === 'cancelled' && progress.landed + progress.failed + progress.cancelled === progress.total;

/** A convoy that is over keeps true counts; nothing else of it changes any more. */
export function countOnly(meta: Item<Convoy>, beads: readonly Item<Bead>[]): Step | undefined {
  const progress = progressOf(beads.map((bead) => bead.body));
  if (JSON.stringify(progress) === JSON.stringify(meta.body.progress)) return undefined;
  return { changes: [replace(meta, { ...meta.body, progress })], effects: wakeIntegration(meta.body) };
}

/** Progress and status of the convoy itself, once no bead has to be moved. */
function settle(
  meta: Item<Convoy>,
  all: readonly Bead[],
  view: View,
  escalation: Item<Escalation> | undefined,
  now: Instant,
): Step | undefined {
  const convoy = meta.body;
  const progress = progressOf(all);
  const status = statusOf(all, view, progress);
  const because = status === 'stalled' ? stallReason(convoy, all) : undefined;
  const moved = JSON.stringify(progress) !== JSON.stringify(convoy.progress);
  if (status === convoy.status && !moved && because === convoy.stalledBecause) return undefined;
  if (status !== convoy.status && !nextConvoyStatuses[convoy.status].includes(status))
    throw new Error(`BUG: convoy ${convoy.status} → ${status}`);

  const { stalledBecause: _, ...rest } = convoy;
  const next: Convoy = {
    ...rest,
    status,
    progress,
    ...(because === undefined ? {} : { stalledBecause: because }),
    ...(status === 'landed' || status === 'cancelled' ? { closedAt: now } : {}),
    progressAt: moved ? now : convoy.progressAt,
  };
  const own: Step = {
    changes: [
      replace(meta, next, {
        attentionAt: status === 'open' ? now + limits.convoyStuckRepairMs : undefined,
      }),
    ],
    effects: status === 'landed' || status === 'cancelled' ? wakeIntegration(convoy) : [],
    events: status === convoy.status ? [] : [convoyEvent(next)],
  };
  if (status === 'landed') return together(own, tellLanded(next, all), closeEscalation(escalation, 'town', now));
  // Each question has an escalation of its own, with the command that answers it.
  if (status === 'stalled' && waitsForAnswers(all, progress)) return own;
  if (status === 'stalled') return together(own, openEscalation(escalation, alarmOf(next, because ?? ''), now));
  return together(own, closeEscalation(escalation, 'town', now));
}

/** A conflict bead keeps its convoy open while it runs; how it ended is its merge request's business. */
function statusOf(beads: readonly Bead[], view: View, progress: Progress): ConvoyStatus {
  if (beads.some((bead) => !isPlanned(bead) && !hasEnded(bead) && bead.status !== 'escalated')) return 'open';
  const done = progress.landed + progress.cancelled;
  if (done === progress.total && progress.total > 0) return progress.landed > 0 ? 'landed' : 'cancelled';
  const withHuman = new Set(beads.flatMap(({ status, resolves }) => (status === 'escalated' ? [resolves?.bead] : [])));
  return beads.some((bead) => movesByItself(bead, view) && !withHuman.has(bead.id)) ? 'open' : 'stalled';
}

/** Started, in line, or resting: it will move without a human. What waits for such a bead need not be counted. */
const movesByItself = (bead: Bead, { merged }: View): boolean =>
  !hasEnded(bead) &&
  bead.status !== 'escalated' &&
  (bead.run > 0 || bead.inLine !== undefined || bead.needs.every((need) => merged.has(need)));

const waitsForAnswers = (beads: readonly Bead[], { failed, blocked }: Progress): boolean =>
  failed + blocked === 0 && beads.some((bead) => bead.status === 'escalated');

/** What failed comes first: it is what the convoy's own escalation is about. */
function stallReason(convoy: Convoy, beads: readonly Bead[]): string {
  const withStatus = (status: Bead['status']) => beads.filter((bead) => bead.status === status);
  const stuck = [...withStatus('failed').filter(isPlanned), ...withStatus('escalated')];
  const first = stuck[0];
  if (!first)
    return 'every bead left was cancelled or waits for one that was; cancel the convoy, or submit the rest again';
  const more = stuck.length > 1 ? ` and ${stuck.length - 1} more` : '';
  const who = `${first.id} (${first.title})${more}`;
  if (first.status === 'escalated') {
    const question = first.outcome?.kind === 'escalated' ? `: ${first.outcome.question}` : '';
    return `${who} asks a human${question}; answer it: gt escalations answer ${escalationId(beadCause(first.id))} "…"`;
  }
  const last = first.notes.at(-1);
  const why = last ? `${last.cause}: ${last.detail}` : first.status;
  return `${who} failed: ${why}; mend the cause, then gt convoy retry ${convoy.id}`;
}

const convoyEvent = (convoy: Convoy) => ({
  kind: `convoy.${convoy.status}`,
  who: 'convoys',
  text:
    convoy.status === 'stalled'
      ? `convoy ${convoy.id} stalled: ${convoy.stalledBecause ?? ''}`
      : `convoy ${convoy.id} ${convoy.status}: ${convoy.title}`,
  convoy: convoy.id,
  rig: convoy.rig,
});

const alarmOf = (convoy: Convoy, because: string) => ({
  cause: stalledCause(convoy.id),
  severity: 'high' as const,
  title: `convoy ${convoy.id} stalled`,
  what: `Convoy ${convoy.id} (${convoy.title}) on rig ${convoy.rig} cannot go on by itself.\n${because}.`,
  tried:
    convoy.progress.failed > 0
      ? 'every retry that the rig allows for the beads that failed.'
      : 'all that needs no cancelled bead.',
  unattended: 'what has landed stays, and the rest of the convoy waits.',
  command: convoy.progress.failed > 0 ? `gt convoy retry ${convoy.id}` : `gt convoy cancel ${convoy.id}`,
  rig: convoy.rig,
  convoy: convoy.id,
});

function tellLanded(convoy: Convoy, beads: readonly Bead[]): Step {
  const subject = `[gastown] landed: ${convoy.title}`;
  return {
    changes: [],
    effects: [{ do: 'notify', severity: 'low', subject, body: `${landingLetter(convoy, beads)}\n` }],
  };
}
