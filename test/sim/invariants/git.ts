/** What invariants ask of the remotes. */
import { isAncestor } from '../git/history.ts';
import type { Commit } from '../git/objects.ts';
import type { Seen } from '../kernel/invariant.ts';
import { callsOf, planOf } from './records.ts';

export const remoteOf = (seen: Seen, rig: string) => {
  const url = planOf(seen, rig)?.url;
  return url === undefined ? undefined : seen.git.origin(url);
};

/** Every commit that a branch was ever at, by remote and ref. */
export class Heads {
  readonly #heads = new Map<string, Commit[]>();

  look(seen: Seen): void {
    for (const { url, ref, to } of seen.moved) {
      if (!to) continue;
      const key = `${url} ${ref}`;
      const heads = this.#heads.get(key);
      if (heads) heads.push(to);
      else this.#heads.set(key, [to]);
    }
  }

  /** Was this commit ever in that branch? Newest heads first: mostly it still is. */
  everHad(seen: Seen, rig: string, target: string, oid: string): boolean {
    const origin = remoteOf(seen, rig);
    const commit = origin?.commit(oid);
    if (!origin || !commit) return false;
    const now = origin.branch(target);
    if (now && isAncestor(commit, now)) return true;
    const heads = this.#heads.get(`${planOf(seen, rig)?.url} refs/heads/${target}`) ?? [];
    return heads.some((head) => isAncestor(commit, head));
  }
}

export interface TownPush {
  readonly url: string;
  readonly rig: string;
  readonly ref: string;
  readonly from: string;
  readonly to: string;
}

/** Pushes of the town to targets, whether or not anyone heard of what became of them: they may arrive at any later step. */
export class TownPushes {
  readonly #pushes: TownPush[] = [];

  /** Those of this step. */
  look(seen: Seen): readonly TownPush[] {
    const fresh = callsOf(seen, 'repo', 'pushWithLease').map(({ args: [{ url, rig }, { ref, from, to }] }) => ({
      url,
      rig,
      ref,
      from,
      to,
    }));
    this.#pushes.push(...fresh);
    return fresh;
  }

  /** The pushes that could have moved this ref there: none, if someone else did it. */
  behind(url: string, ref: string, to: string | undefined): readonly TownPush[] {
    return this.#pushes.filter((push) => push.url === url && push.ref === ref && push.to === to);
  }
}

/** The last `Name: value` line of a commit: what is replayed keeps its own, and the Refinery's stand below. */
export const trailer = ({ message }: Commit, name: string): string | undefined =>
  [...message.matchAll(new RegExp(`^${name}: (.+)$`, 'gm'))].at(-1)?.[1];
