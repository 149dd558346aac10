/**
 * Builds a chain of changes on a base without a work tree: one `merge-tree` and one `commit-tree` a change. Every
 * date, name and message comes from the request, so the same request gives the same object ids, here or anywhere.
 */
import { RepoRefused, RepoUnreachable } from '../core/errors.ts';
import type { ChainLink, ChainRequest, ChainResult, LinkFault, Oid } from '../core/ports.ts';
import { type Cache, fail, remember } from './cache.ts';
import { branchesIn, ensure, fetchAll, treeOf } from './fetch.ts';
import { branchRef, checkOid, checkRef, identity, isOwn } from './names.ts';
import { parsePush, push } from './push.ts';
import { replay } from './replay.ts';

export interface Built {
  readonly oid: Oid;
  readonly tree: Oid;
}

export interface Merge {
  readonly tree?: Oid;
  readonly conflicts?: readonly string[];
  readonly unrelated?: true;
}

/** Merges two commits as git would, into a tree. Exit 1 is a conflict; above that is infrastructure. */
export async function mergeTree(cache: Cache, ours: Oid, theirs: Oid): Promise<Merge> {
  const answer = await cache.git(['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', ours, theirs]);
  const [tree = '', ...paths] = answer.stdout.split('\0');
  if (answer.status === 0) return { tree: checkOid(tree.trim()) };
  if (answer.status === 1) return { conflicts: [...new Set(paths.filter((path) => path.trim() !== ''))] };
  if (/unrelated histories/.test(answer.stderr)) return { unrelated: true };
  return fail(`merging ${theirs} into ${ours}`, answer);
}

const refinery = { name: 'Gas Town Refinery', email: 'refinery@gastown.invalid' } as const;

export interface CommitText {
  readonly message: string;
  readonly author: ChainLink['author'];
  /** The committer's date: the record's, never the wall clock's. */
  readonly committedAt: number;
}

const gitDate = (ms: number): string => `${Math.floor(ms / 1000)} +0000`;

export async function commitTree(cache: Cache, tree: Oid, parents: readonly Oid[], text: CommitText): Promise<Oid> {
  const answer = await cache.git(['commit-tree', ...parents.flatMap((parent) => ['-p', parent]), tree], {
    stdin: text.message.endsWith('\n') ? text.message : `${text.message}\n`,
    environment: {
      GIT_AUTHOR_NAME: identity(text.author.name),
      GIT_AUTHOR_EMAIL: identity(text.author.email),
      GIT_AUTHOR_DATE: gitDate(text.author.at),
      GIT_COMMITTER_NAME: refinery.name,
      GIT_COMMITTER_EMAIL: refinery.email,
      GIT_COMMITTER_DATE: gitDate(text.committedAt),
    },
  });
  if (answer.status !== 0) fail('writing a commit', answer);
  const oid = checkOid(answer.stdout.trim());
  remember(cache.trees, oid, tree);
  return oid;
}

export async function buildChain(cache: Cache, request: ChainRequest): Promise<ChainResult> {
  const base = checkOid(request.base);
  const ref = checkRef(request.candidateRef);
  if (!isOwn(ref))
    throw new RepoRefused(
      `a candidate may not be pushed to ${ref}: it is not under refs/gastown/ or refs/heads/gastown/`,
    );
  const missing = await bring(cache, base, request.links);
  if (missing) return missing;

  const commits: Built[] = [];
  let tip: Built = { oid: base, tree: await treeHere(cache, base) };
  for (const [i, link] of request.links.entries()) {
    const added = await addLink(cache, request, tip, link);
    if ('fault' in added) return { ok: false, link: i, why: added };
    remember(cache.parents, added.oid, tip.oid);
    commits.push(added);
    tip = added;
  }
  await publish(cache, tip.oid, ref);
  return { ok: true, commits };
}

async function treeHere(cache: Cache, commit: Oid): Promise<Oid> {
  const tree = await treeOf(cache, commit);
  if (!tree) throw new RepoUnreachable(`commit ${commit} is not in the remote any more`);
  return tree;
}

/** Fetches the base and every branch; the answer of the first link whose branch is not where it was submitted. */
async function bring(cache: Cache, base: Oid, links: readonly ChainLink[]): Promise<ChainResult | undefined> {
  const fetched = await fetchAll(
    cache,
    base,
    links.map((link) => branchRef(link.branch)),
  );
  if (!fetched.ok && fetched.lost === 'base') {
    if (!(await ensure(cache, base))) throw new RepoUnreachable(`base ${base} is not in the remote any more`);
    return bring(cache, base, links);
  }
  const heads = fetched.ok ? fetched.heads : await headsByListing(cache, links);
  for (const [i, link] of links.entries()) {
    const head = heads.get(link.branch);
    if (!head) return { ok: false, link: i, why: { fault: 'branch_gone' } };
    if (head !== checkOid(link.head)) return { ok: false, link: i, why: { fault: 'head_moved', head } };
  }
  // A branch was missing from the fetch, and is there now: someone works on it this very moment.
  if (!fetched.ok) fail('fetching', fetched.answer);
  return undefined;
}

async function headsByListing(cache: Cache, links: readonly ChainLink[]): Promise<ReadonlyMap<string, Oid>> {
  const answer = await cache.git([
    'ls-remote',
    '--refs',
    '--end-of-options',
    'origin',
    ...links.map((link) => branchRef(link.branch)),
  ]);
  if (answer.status !== 0) fail('listing branches', answer);
  return branchesIn(answer.stdout);
}

async function addLink(cache: Cache, request: ChainRequest, tip: Built, link: ChainLink): Promise<Built | LinkFault> {
  const merge = await mergeTree(cache, tip.oid, link.head);
  if (merge.unrelated) return { fault: 'unrelated_history' };
  if (merge.conflicts) return conflictWith(cache, request.base, tip, link, merge.conflicts);
  const tree = merge.tree ?? '';
  if (tree === tip.tree) return { fault: 'empty' };
  const text: CommitText = { message: link.message, author: link.author, committedAt: link.author.at };
  if (request.strategy === 'merge') return { oid: await commitTree(cache, tree, [tip.oid, link.head], text), tree };
  if (request.strategy === 'rebase') {
    const replayed = await replay(cache, request.base, tip, link, tree);
    if (replayed) return replayed;
  }
  return { oid: await commitTree(cache, tree, [tip.oid], text), tree };
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
  return alone.conflicts
    ? { fault: 'conflict', paths: alone.conflicts, with: 'base' }
    : { fault: 'conflict', paths, with: 'chain' };
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
