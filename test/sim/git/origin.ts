/** A repository on a server: refs, the commits it holds, its rules, and what polecats and people do to it. */
import type { Oid } from '../../../core/ports.ts';
import { isAncestor, reachable } from './history.ts';
import { type Commit, commitOf, emptyTree, type Files, type Person, withFiles } from './objects.ts';

/** A push that git would have refused to begin, or that the remote's rules refuse. */
export type Pushed = 'yes' | 'stale' | { readonly rejected: string };

export interface Push {
  readonly ref: string;
  /** Nothing: the ref is to be deleted. */
  readonly to: Commit | undefined;
  /** What the ref must be now (`absent`: not there); without a lease a branch only moves forward. */
  readonly lease?: Oid | 'absent' | 'any';
}

export interface Writing {
  readonly parents: readonly Commit[];
  readonly files: Files;
  readonly author: Person;
  readonly message: string;
}

/** What anyone makes in a clone: known to the remote only once it is pushed. */
export function write({ parents, files, author, message }: Writing): Commit {
  const tree = withFiles(parents[0]?.tree ?? emptyTree, files);
  return commitOf({ tree, parents, author, committer: author, message });
}

export class Origin {
  readonly #refs = new Map<string, Commit>();
  readonly #commits = new Map<Oid, Commit>();
  #held: Set<Commit> = new Set();
  /** Pushes that left their sender and have not arrived. */
  readonly underway: Push[] = [];
  defaultBranch = 'main';
  /** Protection rules and hooks: why a push is refused, if it is. */
  rule: (push: Push) => string | undefined = () => undefined;

  get refs(): ReadonlyMap<string, Commit> {
    return this.#refs;
  }

  at(ref: string): Commit | undefined {
    return this.#refs.get(ref);
  }

  branch(name: string): Commit | undefined {
    return this.#refs.get(`refs/heads/${name}`);
  }

  commit(oid: Oid): Commit | undefined {
    return this.#commits.get(oid);
  }

  /** As git does it: nothing to do is a yes, then the lease, then that it goes forward, then the remote's rules. */
  push(push: Push): Pushed {
    const { ref, to, lease } = push;
    const now = this.#refs.get(ref);
    if (to === now) return 'yes';
    if (lease === undefined ? to && now && !isAncestor(now, to) : lease !== 'any' && lease !== (now?.oid ?? 'absent'))
      return 'stale';
    const refused = this.rule(push);
    if (refused !== undefined) return { rejected: refused };
    if (to) this.#hold(to);
    if (to) this.#refs.set(ref, to);
    else this.#refs.delete(ref);
    return 'yes';
  }

  /** A push that nobody waits for any more arrives; its lease is judged now. */
  arrive(index: number): Pushed | undefined {
    const [push] = this.underway.splice(index, 1);
    return push && this.push(push);
  }

  /** What no ref reaches is gone, as after a rewrite of main and a while. */
  collectGarbage(): void {
    this.#held = new Set(reachable(this.#refs.values()));
    for (const [oid, commit] of this.#commits) if (!this.#held.has(commit)) this.#commits.delete(oid);
  }

  #hold(head: Commit): void {
    for (const commit of reachable([head], this.#held)) {
      this.#held.add(commit);
      this.#commits.set(commit.oid, commit);
    }
  }
}
