/**
 * "Two chains tested apart are never landed as one untested": between the two ends of a landing stand exactly the commits
 * of its members, in their order, each the tested one.
 */
import type { Candidate, Landing } from '../../../core/refinery/records.ts';
import type { Commit } from '../git/objects.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { remoteOf } from './git.ts';
import { candidatesOf, changed, queueNameOf } from './records.ts';

/** From the newest back to `from`, by first parents; nothing if `from` is not among them. */
function firstParents(to: Commit, from: string): Commit[] | undefined {
  const path: Commit[] = [];
  for (let at: Commit | undefined = to; at; at = at.parents[0]) {
    if (at.oid === from) return path;
    path.push(at);
  }
  return undefined;
}

function breachOf(seen: Seen, pk: string, landing: Landing, candidate: Candidate | undefined): string | undefined {
  const { epoch, from, to, members } = landing;
  const head = remoteOf(seen, queueNameOf({ pk }).rig)?.commit(to);
  if (!head || !candidate) return `landing ${epoch} is of ${to}, which nobody knows`;
  const path = firstParents(head, from);
  if (!path) return `landing ${epoch}: ${to} does not stand on ${from}`;
  const landed = candidate.members.findLastIndex(({ commit }) => commit === from) + 1;
  const rest = candidate.members.slice(landed).map(({ seq, commit }) => `${seq} ${commit}`);
  const told = members.map(({ seq, commit }) => `${seq} ${commit}`);
  if (rest.join() !== told.join())
    return `landing ${epoch} names ${told.join(', ')}, but its commits are of ${rest.join(', ')}`;
  const oids = path.map(({ oid }) => oid).reverse();
  const places = members.map(({ commit }) => oids.indexOf(commit));
  const isInOrder = places.every((place, i) => place > (places[i - 1] ?? -1)) && places.at(-1) === oids.length - 1;
  const isExact = candidate.strategy === 'rebase' || oids.length === members.length;
  return isInOrder && isExact
    ? undefined
    : `landing ${epoch} of ${members.length} changes would land ${oids.length} commits`;
}

export const whatLandsIsAllThatLands = (): Invariant => ({
  name: 'a landing lands its members and nothing else',
  check(seen) {
    for (const { key, was, is } of changed(seen, 'landing')) {
      if (was || !is) continue;
      const candidate = candidatesOf(seen, key.pk).find(({ id }) => id === is.body.candidate);
      const breach = breachOf(seen, key.pk, is.body, candidate);
      if (breach !== undefined) return breach;
    }
    return undefined;
  },
});
