/** Stores the token that an execution waits on; or lets it go at once, when there is nothing left to wait for. */
import { type Bead, hasEnded, type Wait } from '../convoys/bead.ts';
import { saveBead } from '../convoys/save-bead.ts';
import type { Instant, Item } from '../ports.ts';
import type { Step } from '../step.ts';

export function awaitOn(was: Item<Bead>, wait: Wait, now: Instant): Step {
  const bead = was.body;
  if (bead.run !== wait.run || !stillWaits(bead, wait.for, now))
    return { changes: [], effects: [{ do: 'succeed_task', token: wait.token }] };
  return { changes: [saveBead(was, { ...bead, wait }, now)] };
}

/** What `next` said is still so: nothing happened between the decision and the wait. */
function stillWaits(bead: Bead, waitsFor: Wait['for'], now: Instant): boolean {
  if (hasEnded(bead) || bead.outcome) return false;
  switch (waitsFor) {
    case 'line':
      return bead.inLine !== undefined && bead.admittedAt === undefined;
    case 'rest':
      return bead.restUntil !== undefined && bead.restUntil > now;
    case 'gate':
      return bead.status === 'escalated';
    case 'merge':
      return bead.status === 'submitted';
    case 'work':
      return bead.status === 'hooked' || bead.status === 'in_progress';
  }
}
