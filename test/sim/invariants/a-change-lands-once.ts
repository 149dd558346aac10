/**
 * "A change lands at most once in its target." By the record: a request is in one landing that has arrived, or in several
 * of the very same commit, and is counted once. By git: no two landings leave commits with the trailers of one attempt.
 */
import { prefixes } from '../../../core/keys.ts';
import type { Landing } from '../../../core/refinery/records.ts';
import { reachable } from '../git/history.ts';
import type { Commit } from '../git/objects.ts';
import type { Invariant } from '../kernel/invariant.ts';
import { TownPushes, trailer } from './git.ts';
import { changed } from './records.ts';

const hasArrived = (landing: Landing | undefined): boolean => landing?.state === 'arrived' || landing?.state === 'done';

/** A commit that the Refinery made for a change. */
const changeOf = (commit: Commit): string | undefined => {
  const bead = trailer(commit, 'Bead');
  return trailer(commit, 'Convoy') === undefined ? undefined : bead && `${bead}@${trailer(commit, 'Attempt')}`;
};

function landedTwice(from: Commit, to: Commit): string | undefined {
  const before = reachable([from]);
  const landed = new Set([...before].map(changeOf));
  for (const commit of reachable([to], before)) {
    const change = changeOf(commit);
    if (change !== undefined && landed.has(change)) return `${change} lands again as ${commit.oid}`;
  }
  return undefined;
}

export function aChangeLandsOnce(): Invariant {
  const pushes = new TownPushes();
  /** By request, the commit that landed with it as a member. */
  const landed = new Map<string, string>();

  function recordBreach(pk: string, { members, to, epoch }: Landing): string | undefined {
    for (const { seq, bead } of members) {
      const before = landed.get(`${pk} ${seq}`);
      if (before !== undefined && before !== to)
        return `${bead} landed with ${before}, and again with ${to} (landing ${epoch})`;
      landed.set(`${pk} ${seq}`, to);
    }
    return undefined;
  }

  return {
    name: 'a change lands at most once',
    check(seen) {
      pushes.look(seen);
      for (const { url, ref, from, to } of seen.moved) {
        if (!from || !to || pushes.behind(url, ref, to.oid).length === 0) continue;
        const breach = landedTwice(from, to);
        if (breach !== undefined) return breach;
      }
      for (const { key, was, is } of changed(seen, 'landing')) {
        if (!is || !hasArrived(is.body) || hasArrived(was?.body)) continue;
        const breach = recordBreach(key.pk, is.body);
        if (breach !== undefined) return breach;
      }
      return undefined;
    },
    atRest(seen) {
      for (const pk of seen.partitions()) {
        if (!pk.startsWith('QUEUE#')) continue;
        const landings = seen.partition<Landing>(pk, prefixes.landings).filter(({ body }) => hasArrived(body));
        const seqs = new Set(landings.flatMap(({ body }) => body.members.map(({ seq }) => seq)));
        const counted = seen.get<{ landedCount: number }>({ pk, sk: 'META' })?.body.landedCount ?? 0;
        if (counted !== seqs.size) return `${pk} counts ${counted} landed changes of ${seqs.size}`;
      }
      return undefined;
    },
  };
}
