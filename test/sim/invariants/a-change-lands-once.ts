/**
 * "A change lands at most once in its target." By the record: a request is in one landing that has arrived, or in several
 * of the very same commit, and is counted once. By git: no two landings leave commits with the trailers of one bead,
 * whichever attempts they are of, and none leaves commits of two attempts.
 */
import { prefixes } from '../../../core/keys.ts';
import type { Landing } from '../../../core/refinery/records.ts';
import { reachable } from '../git/history.ts';
import type { Commit } from '../git/objects.ts';
import type { Invariant } from '../kernel/invariant.ts';
import { TownPushes, trailer } from './git.ts';
import { changed } from './records.ts';

const hasArrived = (landing: Landing | undefined): boolean => landing?.state === 'arrived' || landing?.state === 'done';

/** Of a commit that the Refinery made for a change. */
const changeOf = (commit: Commit): readonly [string, string][] => {
  const bead = trailer(commit, 'Bead');
  if (bead === undefined || trailer(commit, 'Convoy') === undefined) return [];
  return [[bead, trailer(commit, 'Attempt') ?? '?']];
};

function landedTwice(from: Commit, to: Commit): string | undefined {
  const before = reachable([from]);
  const landed = new Map([...before].flatMap(changeOf));
  const landing = new Map<string, string>();
  for (const commit of reachable([to], before)) {
    for (const [bead, attempt] of changeOf(commit)) {
      const had = landed.get(bead) ?? landing.get(bead) ?? attempt;
      if (landed.has(bead) || had !== attempt)
        return `${bead} lands again as ${commit.oid}, its attempt ${attempt}; main has attempt ${had}`;
      landing.set(bead, attempt);
    }
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
