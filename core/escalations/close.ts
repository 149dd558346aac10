import { keys } from '../keys.ts';
import type { Instant, Item } from '../ports.ts';
import { replace, type Step } from '../step.ts';
import type { Escalation } from './escalation.ts';

/** Closes it, or does nothing if there is none or it is closed. `by`: a person, or `town` when its cause has passed. */
export function closeEscalation(was: Item<Escalation> | undefined, by: string, now: Instant): Step {
  if (!was || was.body.status === 'closed') return { changes: [] };
  const closed: Escalation = { ...was.body, status: 'closed', closedAt: now, closedBy: by };
  return {
    changes: [replace(was, closed), { delete: keys.openEscalation(closed.id), expect: { any: true } }],
  };
}
