/**
 * "At the compare-and-swap main is the candidate's base, or a landed prefix of its own chain. A foreign push invalidates,
 * never overwrites."
 */
import { isAncestor } from '../git/history.ts';
import type { Invariant } from '../kernel/invariant.ts';
import { TownPushes } from './git.ts';
import { candidatesOf, changed } from './records.ts';

export function noPushIsOverwritten(): Invariant {
  const pushes = new TownPushes();
  return {
    name: 'no push of anyone is overwritten',
    check(seen) {
      pushes.look(seen);
      for (const { key, was, is } of changed(seen, 'landing')) {
        if (was || !is) continue;
        const { from, to } = is.body;
        const candidate = candidatesOf(seen, key.pk).find(({ commit }) => commit === to);
        const places = candidate ? [candidate.base, ...candidate.members.map(({ commit }) => commit)] : [];
        if (!places.includes(from))
          return `landing ${is.body.epoch} starts at ${from}, which is neither the base of ${to} nor a prefix of it`;
      }
      for (const { url, ref, from, to, forced } of seen.moved) {
        // A developer may put main back to where the town once pushed it.
        if (forced) continue;
        const own = pushes.behind(url, ref, to?.oid);
        if (own.length === 0) continue;
        if (from && to && !isAncestor(from, to))
          return `${ref} of ${url} lost ${from.oid} to the town's push of ${to.oid}`;
        if (!own.some((push) => push.from === from?.oid))
          return `the town moved ${ref} of ${url} from ${from?.oid} to ${to?.oid}, but meant to start at ${own[0]?.from}`;
      }
      return undefined;
    },
  };
}
