/**
 * "Nothing waits for a message alone": an item that says when it wants to be looked at is looked at then, by a patrol or
 * because something else woke it. Half of what is lost would be found again by a watcher of something else, much later.
 */
import type { Instant } from '../../../core/ports.ts';
import type { Invariant } from '../kernel/invariant.ts';

/** Patrols come each minute; several in a row may be lost, behind the index, or slow. */
const lateMostMs = 15 * 60_000;

export function whatIsDueIsLookedAt(): Invariant {
  const due = new Map<string, Instant>();
  return {
    name: 'what is due is looked at',
    check(seen) {
      for (const { key, is } of seen.changed) {
        const name = `${key.pk} ${key.sk}`;
        if (is?.attentionAt === undefined) due.delete(name);
        else due.set(name, is.attentionAt);
      }
      for (const [name, at] of due)
        if (at < seen.now - lateMostMs)
          return `${name} was due at ${new Date(at).toISOString()}, and nobody has looked at it`;
      return undefined;
    },
  };
}
