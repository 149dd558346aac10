import { limits } from '../limits.ts';
import type { Change, Instant, Item } from '../ports.ts';
import { replace } from '../step.ts';
import { assertBeadTransition, type Bead, hasEnded } from './bead.ts';

/** Every change of a bead goes through here: the transition is checked, and the Witness knows when to look. */
export function saveBead(was: Item<Bead>, next: Bead, now: Instant): Change {
  assertBeadTransition(was.body.status, next.status);
  return replace(was, next, { attentionAt: attentionOf(next, now) });
}

/**
 * When the bead needs a look if nothing happens. While a polecat works, its own deadline is the sharper one; before
 * its first run, the convoy's. What remains are the waits whose execution might have been lost.
 */
function attentionOf(bead: Bead, now: Instant): Instant | undefined {
  if (hasEnded(bead) || bead.run === 0) return undefined;
  if (bead.restUntil !== undefined && bead.restUntil > now) return bead.restUntil + limits.restOverdueMs;
  return now + limits.moleculeCheckMs;
}
