/**
 * "Convoy counts right and closed exactly once." A tick counts what it has read, which may have moved on by the time it
 * writes; but what has landed stays landed, and what has ended for good stays so. At rest the counts are exact.
 */
import { isPlanned } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { beadsOf, changed } from './records.ts';

function countBreach(seen: Seen, { id, status, launchedAt, progress }: Convoy): string | undefined {
  if (launchedAt === undefined) return undefined;
  const beads = beadsOf(seen, id).filter(isPlanned);
  const closed = beads.filter((bead) => bead.status === 'closed').length;
  const cancelled = beads.filter((bead) => bead.status === 'cancelled').length;
  if (progress.total !== beads.length) return `convoy ${id} counts ${progress.total} beads of ${beads.length}`;
  if (progress.landed > closed) return `convoy ${id} counts ${progress.landed} landed beads of ${closed}`;
  if (status === 'landed' && closed + cancelled < beads.length)
    return `convoy ${id} has landed with ${closed} closed and ${cancelled} cancelled of ${beads.length} beads`;
  return undefined;
}

export function convoysCountRight(): Invariant {
  const told = new Set<string>();
  return {
    name: 'convoys count right and close once',
    check(seen) {
      for (const { was, is } of changed(seen, 'convoy')) {
        if (!is) return `convoy ${was?.body.id} was deleted`;
        const breach = countBreach(seen, is.body);
        if (breach !== undefined) return breach;
        if (was?.body.closedAt !== undefined && was.body.closedAt !== is.body.closedAt)
          return `convoy ${is.body.id} was closed twice`;
      }
      for (const { was, is } of changed(seen, 'effect')) {
        const effect = is?.body.effect;
        if (was || effect?.do !== 'notify' || !effect.subject.startsWith('[gastown] landed:')) continue;
        const [line = ''] = effect.body.split('\n');
        const convoy = line.split(' ')[1] ?? '';
        if (told.has(convoy)) return `people are told twice that convoy ${convoy} has landed`;
        told.add(convoy);
      }
      return undefined;
    },
  };
}
