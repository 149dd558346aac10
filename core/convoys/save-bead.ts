import { limits } from '../limits.ts';
import type { Change, Instant, Item } from '../ports.ts';
import { replace } from '../step.ts';
import { assertBeadTransition, type Bead, hasEnded } from './bead.ts';

/** Every change of a bead goes through here: the transition is checked, and the Witness knows when to look. */
export function saveBead(was: Item<Bead>, next: Bead, now: Instant): Change {
  assertBeadTransition(was.body.status, next.status);
  return replace(was, next, { attentionAt: attentionOf(next, now) });
}

/** Nobody may ever tell the town of it: somebody has to look. */
export const waitsForPullRequest = ({ status, gate }: Bead): boolean =>
  status === 'deferred' && gate?.type === 'pr' && gate.openedAt === undefined;

/**
 * When the bead needs a look if nothing happens. While a polecat works, its own deadline is the sharper one; before
 * its first run, the convoy's. What remains are the waits whose execution might have been lost.
 */
function attentionOf(bead: Bead, now: Instant): Instant | undefined {
  if (hasEnded(bead) || bead.run === 0) return undefined;
  const restOver =
    bead.restUntil !== undefined && bead.restUntil > now ? bead.restUntil + limits.restOverdueMs : undefined;
  if (restOver !== undefined)
    return waitsForPullRequest(bead) ? Math.min(restOver, now + limits.pullRequestLookMs) : restOver;
  return now + limits.moleculeCheckMs;
}
