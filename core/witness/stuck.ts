/** Convoys and queues with work and no progress: first the tick is repeated, then a human is told. */
import { type Bead, hasEnded, satisfies } from '../convoys/bead.ts';
import type { Convoy } from '../convoys/convoy.ts';
import type { Escalation } from '../escalations/escalation.ts';
import { type Alarm, openEscalation } from '../escalations/open.ts';
import { type BeadId, groups } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Instant, Item } from '../ports.ts';
import type { Queue } from '../refinery/records.ts';
import { replace, type Step, together } from '../step.ts';

/** One a rig: whatever keeps its line from moving keeps every convoy of it. */
export const lineStuckCause = (rig: string) => `rig/${rig}/no-progress` as const;
export const queueStuckCause = (rig: string, target: string) => `queue/${rig}/${target}/no-progress` as const;

export interface Dispatch {
  readonly stopped: boolean;
  /** Slots held in the convoy's rig: while others work, its beads only wait their turn. */
  readonly working: number;
  /** The escalation of `lineStuckCause`, if it was ever opened. */
  readonly escalation: Item<Escalation> | undefined;
}

/**
 * A convoy that is due: its tick, and its rig's scheduler, run again. One that waits for a human, or is cancelled to
 * the last bead, is not looked at again: whatever changes it wakes its tick.
 */
export function repairConvoy(was: Item<Convoy>, beads: readonly Bead[], dispatch: Dispatch, now: Instant): Step {
  const convoy = was.body;
  const rests = convoy.status === 'stalled' || (convoy.status === 'cancelled' && beads.every(hasEnded));
  const repair: Step = {
    changes: [replace(was, convoy, rests ? {} : { attentionAt: now + limits.convoyStuckRepairMs })],
    effects: [
      { do: 'wake', queue: 'ticks', group: groups.convoy(convoy.id) },
      { do: 'wake', queue: 'ticks', group: groups.scheduler(convoy.rig) },
    ],
  };
  const still = now - convoy.progressAt;
  const merged = new Set(beads.filter(satisfies).map((bead) => bead.id));
  const waits = beads.filter((bead) => isReady(bead, merged)).length;
  const idle = waits > 0 && dispatch.working === 0 && !dispatch.stopped;
  if (convoy.status !== 'open' || !idle || still < limits.convoyStuckEscalateMs) return repair;
  const alarm: Alarm = {
    cause: lineStuckCause(convoy.rig),
    severity: 'high',
    title: `${convoy.rig} has ready beads and nobody works on them`,
    what: `Convoy ${convoy.id} (${convoy.title}) has not moved, though beads of it are ready: ${waits}. Is the day's budget spent, the failure breaker open, or does another rig hold every slot?`,
    tried: `its tick and the scheduler of ${convoy.rig}, every ${limits.convoyStuckRepairMs / 60_000} minutes.`,
    unattended: 'they wait. What has landed stays.',
    command: 'gt status',
    since: convoy.progressAt,
    rig: convoy.rig,
  };
  return together(repair, openEscalation(dispatch.escalation, alarm, now));
}

/** In line; or it should be, and the convoy's tick cannot say so. */
const isReady = (bead: Bead, merged: ReadonlySet<BeadId>): boolean =>
  bead.inLine !== undefined ||
  (bead.status === 'open' && bead.run === 0 && bead.needs.every((need) => merged.has(need)));

/** A queue that is due: its tick runs again. Only the tick writes the queue, so the Witness does not. `stuck`: and nobody is at work. */
export function repairQueue(
  queue: Queue,
  stuck: boolean,
  escalation: Item<Escalation> | undefined,
  now: Instant,
): Step {
  const wake: Step = {
    changes: [],
    effects: [{ do: 'wake', queue: 'refinery', group: groups.refinery(queue.rig, queue.target) }],
  };
  if (queue.paused || !stuck) return wake;
  const alarm: Alarm = {
    cause: queueStuckCause(queue.rig, queue.target),
    severity: 'high',
    title: `merge queue of ${queue.rig}/${queue.target} does not move`,
    what: 'There is work in the queue, and nothing in it has changed.',
    tried: `its tick, every ${limits.refineryTimerMs / 60_000} minutes or sooner.`,
    unattended: 'nothing lands. Polecats go on working, and main stays as it is.',
    command: `gt mq list ${queue.rig}`,
    since: queue.progressAt,
    rig: queue.rig,
  };
  return together(wake, openEscalation(escalation, alarm, now));
}
