/** Convoys and queues with work and no progress: first the tick is repeated, then a human is told. */
import { type Bead, hasEnded } from '../convoys/bead.ts';
import type { Convoy } from '../convoys/convoy.ts';
import type { Escalation } from '../escalations/escalation.ts';
import { type Alarm, openEscalation } from '../escalations/open.ts';
import { groups } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Instant, Item } from '../ports.ts';
import type { Queue } from '../refinery/records.ts';
import { replace, type Step, together } from '../step.ts';

export const convoyStuckCause = (convoy: string): string => `convoy/${convoy}/no-progress`;
export const queueStuckCause = (rig: string, target: string): string => `queue/${rig}/${target}/no-progress`;

/** With a polecat, or in the merge queue. */
const inHand: ReadonlySet<string> = new Set(['hooked', 'in_progress', 'submitted']);

/**
 * A convoy that is due: its tick, and its rig's scheduler, run again. One that waits for a human, or is cancelled to
 * the last bead, is not looked at again: whatever changes it wakes its tick.
 */
export function repairConvoy(
  was: Item<Convoy>,
  beads: readonly Bead[],
  escalation: Item<Escalation> | undefined,
  now: Instant,
): Step {
  const convoy = was.body;
  const rests = convoy.status === 'stalled' || (convoy.status === 'cancelled' && beads.every(hasEnded));
  const repair: Step = {
    changes: [replace(was, convoy, rests ? {} : { attentionAt: now + limits.convoyStuckRepairMs })],
    effects: [
      { do: 'wake', queue: 'convoys', group: groups.convoy(convoy.id) },
      { do: 'wake', queue: 'scheduler', group: groups.scheduler(convoy.rig) },
    ],
  };
  const still = now - convoy.progressAt;
  const working = beads.some((bead) => inHand.has(bead.status));
  if (convoy.status !== 'open' || working || still < limits.convoyStuckEscalateMs) return repair;
  const alarm: Alarm = {
    cause: convoyStuckCause(convoy.id),
    severity: 'high',
    title: `convoy ${convoy.id} has ready beads and nobody works on them`,
    body: `Convoy ${convoy.id} (${convoy.title}) has not moved since ${new Date(convoy.progressAt).toISOString()}; its tick and the scheduler of ${convoy.rig} were repeated.\nLook: gt why ${convoy.id}; is the town stopped? gt status`,
    rig: convoy.rig,
    convoy: convoy.id,
  };
  return together(repair, openEscalation(escalation, alarm, now));
}

/** A queue that is due: its tick runs again. Only the tick writes the queue, so the Witness does not. */
export function repairQueue(queue: Queue, escalation: Item<Escalation> | undefined, now: Instant): Step {
  const wake: Step = {
    changes: [],
    effects: [{ do: 'wake', queue: 'refinery', group: groups.refinery(queue.rig, queue.target) }],
  };
  const still = now - queue.progressAt;
  if (queue.paused || still < limits.queueStuckEscalateMs) return wake;
  const alarm: Alarm = {
    cause: queueStuckCause(queue.rig, queue.target),
    severity: 'high',
    title: `merge queue of ${queue.rig}/${queue.target} does not move`,
    body: `No change of state since ${new Date(queue.progressAt).toISOString()}, with work in the queue.\nLook: gt mq list ${queue.rig}; gt why ${queue.rig}`,
    rig: queue.rig,
  };
  return together(wake, openEscalation(escalation, alarm, now));
}
