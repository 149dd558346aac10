/** The `Repo` port over the model: the same answers and refusals as `git/repo.ts`, without a process or a disk. */
import { PortRefused, RepoRefused, RepoUnreachable } from '../../../core/errors.ts';
import type { Oid, PushResult, Remote, Repo } from '../../../core/ports.ts';
import { branchRef, checkOid, checkRef, checkUrl, isCandidate, isIntegration, isOwn } from '../../../git/names.ts';
import { chainOn } from './chain.ts';
import { changedPaths, conflictOf, containedIn, inspectResolution } from './compare.ts';
import { isAncestor, newestFirst } from './history.ts';
import type { Commit } from './objects.ts';
import type { Origin, Push, Pushed } from './origin.ts';
import { filesAt, firstParents, treeEntries } from './reading.ts';

/** What becomes of a landing's push. All but the first are answered `unknown`; `late` is for `Origin.arrive` to end. */
export type Fate = 'answered' | 'unanswered' | 'lost' | 'late';

export interface ModelRepoOptions {
  /** By URL. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly fateOf?: (push: Push) => Fate;
}

export function makeModelRepo({ origins, fateOf = () => 'answered' }: ModelRepoOptions): Repo {
  const at = (remote: Remote): Origin => {
    const origin = origins.get(checkUrl(remote));
    if (!origin) throw new RepoUnreachable(`${remote.url}: there is no such repository`);
    return origin;
  };
  const readRefs = async (remote: Remote, refs: readonly string[]): Promise<ReadonlyMap<string, Oid>> => {
    const asked = refs.map(checkRef);
    const origin = at(remote);
    const found = asked.flatMap((ref): [string, Oid][] => {
      const commit = origin.at(ref);
      return commit ? [[ref, commit.oid]] : [];
    });
    return new Map(found);
  };
  return {
    readRefs,
    readRef: async (remote, ref) => (await readRefs(remote, [ref])).get(ref),
    buildChain: async (remote, request) => {
      const origin = at(remote);
      const base = need(origin, request.base);
      const ref = checkRef(request.candidateRef);
      if (!isCandidate(ref)) throw new RepoRefused(`a candidate may not be pushed to ${ref}`);
      for (const link of request.links) branchRef(link.branch);
      const chain = chainOn(origin, base, request);
      if (!chain.ok) return chain;
      const commits = chain.commits.map(({ oid, tree }) => ({ oid, tree: tree.oid }));
      if (commits.length === 0 && chain.leftOut.length > 0) return { ok: true, commits, leftOut: chain.leftOut };
      const pushed = origin.push({ ref, to: chain.commits.at(-1) ?? base, lease: 'any' });
      if (typeof pushed === 'object') throw new RepoRefused(`pushing ${ref}: ${pushed.rejected}`);
      return { ok: true, commits, leftOut: chain.leftOut };
    },
    pushWithLease: async (remote, asked) => {
      const origin = at(remote);
      const ref = checkRef(asked.ref);
      const [from, to] = [checkOid(asked.from), need(origin, asked.to)];
      const base = origin.commit(from);
      if (!base || !isAncestor(base, to))
        throw new PortRefused('NOT_FAST_FORWARD', `${to.oid} does not descend from ${from}`);
      return send(origin, { ref, to, lease: from }, fateOf);
    },
    isAncestor: async (remote, ancestor, descendant) => {
      if (ancestor === descendant) return true;
      const origin = at(remote);
      const [above, below] = [origin.commit(checkOid(ancestor)), origin.commit(checkOid(descendant))];
      return above && below && isAncestor(above, below);
    },
    createBranch: async (remote, { ref, at: oid }) => {
      const origin = at(remote);
      if (!isIntegration(checkRef(ref))) throw new PortRefused('NOT_OURS', `${ref} is not the town's to make`);
      return send(origin, { ref, to: need(origin, oid), lease: 'absent' }, fateOf);
    },
    containedIn: async (remote, asked) => {
      const origin = at(remote);
      const [base, head] = [origin.commit(checkOid(asked.base)), origin.commit(checkOid(asked.head))];
      const others = asked.others.flatMap((oid) => origin.commit(checkOid(oid)) ?? []);
      return base && head && containedIn(base, head, others);
    },
    changedPaths: async (remote, asked) => {
      const origin = at(remote);
      const base = origin.commit(checkOid(asked.base));
      const heads = asked.heads.map((oid) => origin.commit(checkOid(oid)));
      return heads.map((head) => base && head && changedPaths(base, head));
    },
    conflictOf: async (remote, asked) => {
      const origin = at(remote);
      const [base, head] = [origin.commit(checkOid(asked.base)), origin.commit(checkOid(asked.head))];
      return base && head ? conflictOf(base, head) : { found: 'lost' };
    },
    inspectResolution: async (remote, asked) => {
      const origin = at(remote);
      const commits = [asked.base, asked.head, asked.resolved].map((oid) => origin.commit(checkOid(oid)));
      const [base, head, resolved] = commits;
      return base && head && resolved && inspectResolution(base, head, resolved);
    },
    findCommit: async (remote, from, trailers) => {
      const head = at(remote).commit(checkOid(from));
      if (!head) return undefined;
      const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}`);
      for (const commit of newestFirst(head)) {
        const said = commit.message.split('\n');
        if (lines.every((line) => said.includes(line))) return commit.oid;
      }
      return undefined;
    },
    readTree: async (remote, oid) => {
      const commit = at(remote).commit(checkOid(oid));
      return commit && treeEntries(commit);
    },
    readFiles: async (remote, { commit: oid, paths }) => {
      const commit = at(remote).commit(checkOid(oid));
      return commit && filesAt(commit, paths);
    },
    recentCommits: async (remote, { from, max }) => {
      const commit = at(remote).commit(checkOid(from));
      return commit && firstParents(commit, max);
    },
    deleteRefs: async (remote, refs) => {
      const foreign = refs.find((ref) => !isOwn(checkRef(ref)));
      if (foreign) throw new PortRefused('NOT_OURS', `${foreign} was not made by the town`);
      const origin = at(remote);
      const answers = refs.map((ref) => origin.push({ ref, to: undefined, lease: 'any' }));
      const refused = answers.find((answer): answer is { rejected: string } => typeof answer === 'object');
      if (refused) throw new RepoRefused(`deleting refs: ${refused.rejected}`);
    },
    probe: async (remote) => {
      const origin = at(remote);
      const head = origin.branch(origin.defaultBranch);
      if (!head) throw new RepoUnreachable(`${remote.url} has no commit yet`);
      return { defaultBranch: origin.defaultBranch, head: head.oid };
    },
  };
}

function need(origin: Origin, oid: Oid): Commit {
  const commit = origin.commit(checkOid(oid));
  if (!commit) throw new RepoUnreachable(`commit ${oid} is not in the remote any more`);
  return commit;
}

function send(origin: Origin, push: Push, fateOf: (push: Push) => Fate): PushResult {
  const fate = fateOf(push);
  if (fate === 'late') origin.underway.push(push);
  if (fate === 'unanswered') origin.push(push);
  return fate === 'answered'
    ? resultOf(origin.push(push))
    : { pushed: 'unknown', text: 'no answer before the deadline' };
}

const resultOf = (pushed: Pushed): PushResult =>
  typeof pushed === 'object' ? { pushed: 'rejected', text: pushed.rejected } : { pushed };
