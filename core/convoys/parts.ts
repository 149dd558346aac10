/** Beads that triage split off from another one, which waits for them. */
import type { BeadId } from '../keys.ts';
import type { Item } from '../ports.ts';
import type { Bead } from './bead.ts';

/**
 * Those whose whole has landed by itself: an attempt from before the split arrived late, and the target has what they were
 * to do. Parts of parts go with them; what has landed of them stays.
 */
export function unneededParts(beads: readonly Item<Bead>[]): readonly Item<Bead>[] {
  const byId = new Map(beads.map(({ body }) => [body.id, body]));
  const isThere = (id: BeadId | undefined): boolean => {
    const whole = id === undefined ? undefined : byId.get(id);
    return whole !== undefined && (whole.closedReason === 'merged' || isThere(whole.partOf));
  };
  return beads.filter(({ body }) => body.status !== 'closed' && body.status !== 'cancelled' && isThere(body.partOf));
}
