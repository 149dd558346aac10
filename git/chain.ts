/**
 * Builds a chain of changes on a base without a work tree: one `merge-tree` a change. Every date, name and message comes
 * from the request, so the same request gives the same object ids, here or anywhere.
 */
import { RepoRefused, RepoUnreachable } from '../core/errors.ts';
import { tokenOf } from '../core/hash.ts';
import type { ChainLink, ChainRequest, ChainResult, LeftOut, LinkFault, Oid } from '../core/ports.ts';
import { isAncestor } from './ancestry.ts';
import { type Built, type Cache, fail, remember } from './cache.ts';
import { branchesIn, ensure, fetchAll, treeOf } from './fetch.ts';
import { mergeTree } from './merge.ts';
import { branchRef, checkOid, checkRef, isCandidate } from './names.ts';
import { type CommitText, writeCommit } from './objects.ts';
import { parsePush, push } from './push.ts';
import { replay } from './replay.ts';

export async function buildChain(cache: Cache, request: ChainRequest): Promise<ChainResult> {
  const base = checkOid(request.base);
  const ref = checkRef(request.candidateRef);
  if (!isCandidate(ref))
    throw new RepoRefused(
      `a candidate may not be pushed to ${ref}: it is not under refs/gastown/ or refs/heads/gastown/`,
    );
  const faults = await bring(cache, base, request.links);
  const leaveOut = request.onFault === 'leave_out';
  const [first] = faults;
  if (first && !leaveOut) return { ok: false, link: first[0], why: first[1] };

  const commits: Built[] = [];
  const leftOut: LeftOut[] = [];
  let tip: Built = { oid: base, tree: await treeHere(cache, base) };
  for (const [link, asked] of request.links.entries()) {
    const added = faults.get(link) ?? (await join(cache, request, tip, asked));
    if (!('fault' in added)) {
      commits.push(added);
      tip = added;
    } else if (leaveOut) leftOut.push({ link, why: added });
    else return { ok: false, link, why: added };
  }
  if (commits.length > 0 || leftOut.length === 0) await publish(cache, tip.oid, ref);
  return { ok: true, commits, leftOut };
}

async function treeHere(cache: Cache, commit: Oid): Promise<Oid> {
  const tree = await treeOf(cache, commit);
  if (!tree) throw new RepoUnreachable(`commit ${commit} is not in the remote any more`);
  return tree;
}

/** Fetches the base and every branch; the faults of the links whose branches are not where they were submitted. */
async function bring(cache: Cache, base: Oid, links: readonly ChainLink[]): Promise<ReadonlyMap<number, LinkFault>> {
  const heads = await fetchHeads(cache, base, [...new Set(links.map((link) => link.branch))]);
  return new Map(
    links.flatMap((link, i): [number, LinkFault][] => {
      const head = heads.get(link.branch);
      if (!head) return [[i, { fault: 'branch_gone' }]];
      return head === checkOid(link.head) ? [] : [[i, { fault: 'head_moved', head }]];
    }),
  );
}

/** One missing branch fails a whole fetch: then those that are there. */
async function fetchHeads(cache: Cache, base: Oid, branches: readonly string[]): Promise<ReadonlyMap<string, Oid>> {
  const fetched = await fetchAll(cache, base, branches.map(branchRef));
  if (fetched.ok) return fetched.heads;
  if (fetched.lost === 'base') {
    if (!(await ensure(cache, base))) throw new RepoUnreachable(`base ${base} is not in the remote any more`);
    return fetchHeads(cache, base, branches);
  }
  const args = ['ls-remote', '--refs', '--end-of-options', 'origin', ...branches.map(branchRef)];
  const answer = await cache.git(args);
  if (answer.status !== 0) fail('listing branches', answer);
  const listed = branchesIn(answer.stdout);
  const there = branches.filter((branch) => listed.has(branch));
  // It was missing from the fetch, and is there now: someone works on it this very moment.
  if (there.length === branches.length) fail('fetching', fetched.answer);
  return fetchHeads(cache, base, there);
}

/** Remembered, because a search builds many prefixes of the same chain. */
async function join(cache: Cache, request: ChainRequest, tip: Built, link: ChainLink): Promise<Built | LinkFault> {
  const key = tokenOf(JSON.stringify([request.base, request.strategy, tip.oid, link]));
  const known = cache.joined.get(key);
  if (known) return known;
  const added = await addLink(cache, request, tip, link);
  if (!('fault' in added)) remember(cache.parents, added.oid, tip.oid);
  return remember(cache.joined, key, added);
}

async function addLink(cache: Cache, request: ChainRequest, tip: Built, link: ChainLink): Promise<Built | LinkFault> {
  const merge = await mergeTree(cache, tip.oid, link.head);
  if (merge.merged === 'unrelated') return { fault: 'unrelated_history' };
  if (merge.merged === 'conflict') return conflictWith(cache, request.base, tip, link, merge.paths);
  const { tree } = merge;
  if (tree === tip.tree) return { fault: 'empty', with: await emptyWith(cache, request.base, tip, link) };
  if (link.asIs === true && (await isAncestor(cache, tip.oid, link.head))) return { oid: link.head, tree };
  const text: CommitText = { message: link.message, author: link.author, committedAt: link.author.at };
  if (link.asIs || request.strategy === 'merge')
    return { oid: await writeCommit(cache, tree, [tip.oid, link.head], text), tree };
  if (request.strategy === 'rebase') {
    const replayed = await replay(cache, request.base, tip, link, tree);
    if (replayed) return replayed;
  }
  return { oid: await writeCommit(cache, tree, [tip.oid], text), tree };
}

/** Whose fault is a conflict: main's, or that of a change before it in the chain? The base alone tells. */
async function conflictWith(
  cache: Cache,
  base: Oid,
  tip: Built,
  link: ChainLink,
  paths: readonly string[],
): Promise<LinkFault> {
  if (tip.oid === base) return { fault: 'conflict', paths, with: 'base' };
  const alone = await mergeTree(cache, base, link.head);
  return alone.merged === 'conflict'
    ? { fault: 'conflict', paths: alone.paths, with: 'base' }
    : { fault: 'conflict', paths, with: 'chain' };
}

async function emptyWith(cache: Cache, base: Oid, tip: Built, link: ChainLink): Promise<'base' | 'chain'> {
  if (tip.oid === base) return 'base';
  const alone = await mergeTree(cache, base, link.head);
  return alone.merged === 'clean' && alone.tree === (await treeHere(cache, base)) ? 'base' : 'chain';
}

async function publish(cache: Cache, oid: Oid, ref: string): Promise<void> {
  const answer = await push(cache, [`+${oid}:${ref}`]);
  const result = parsePush(ref, answer);
  switch (result.pushed) {
    case 'yes':
      return;
    case 'rejected':
      throw new RepoRefused(`pushing ${ref}: ${result.text}`);
    case 'stale':
      throw new RepoUnreachable(`pushing ${ref}: someone else wrote it at the same time`);
    case 'unknown':
      fail(`pushing ${ref}`, answer);
  }
}
