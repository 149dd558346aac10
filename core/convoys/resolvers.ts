/** Conflict beads: work for a merge request that does not fit its target, asked for by the Refinery. */
import type { Effect } from '../effects.ts';
import { groups } from '../keys.ts';
import type { Item } from '../ports.ts';
import { type Bead, hasEnded } from './bead.ts';

/** Its merge request goes on with what became of it. */
export const wakeForResolver = ({ resolves, rig, target }: Bead): Effect[] =>
  resolves ? [{ do: 'wake', queue: 'refinery', group: groups.refinery(rig, target) }] : [];

/**
 * Those that work for nobody any more. Read off the author's bead alone: it is `submitted`, unsettled, in the very
 * attempt, as long as its merge request is open; once that is over it is over for good. So whoever ends a merge
 * request need not know of its resolver.
 */
export function unneededResolvers(beads: readonly Item<Bead>[]): readonly Item<Bead>[] {
  const byId = new Map(beads.map(({ body }) => [body.id, body]));
  return beads.filter(({ body }) => {
    if (!body.resolves || hasEnded(body)) return false;
    const author = byId.get(body.resolves.bead);
    return !(
      author?.status === 'submitted' &&
      !author.outcome &&
      author.attempt === body.resolves.attempt &&
      author.mergeRequest === body.resolves.mergeRequest
    );
  });
}
