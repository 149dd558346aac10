/** Brings commits into the cache, with as few processes as can be: one fetch for everything that is missing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid } from '../core/ports.ts';
import { type Cache, fail, remember } from './cache.ts';
import { checkOid, checkRef } from './names.ts';
import type { GitAnswer } from './run.ts';
import { listArgs } from './same-disk.ts';

/** The cache's own ref that keeps the newest fetched base reachable, so that later fetches send only what is new. */
const baseRef = 'refs/town/base';

const fetchArgs = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-auto-maintenance',
  '--no-recurse-submodules',
  '--no-show-forced-updates',
];

/** Fetches full refs and object ids at once. The status is the caller's to judge. */
function fetch(cache: Cache, wants: readonly string[]): Promise<GitAnswer> {
  return cache.git([...fetchArgs, '--end-of-options', 'origin', ...wants]);
}

const lostRef = (answer: GitAnswer): boolean => /couldn't find remote ref/.test(answer.stderr);
const lostOid = (answer: GitAnswer): boolean =>
  /not our ref|unadvertised object|remote did not send all necessary objects|did not receive expected object/.test(
    answer.stderr,
  );

/** The trees of those commits that are in the cache. Never asks the remote. */
async function treesHere(cache: Cache, commits: readonly Oid[]): Promise<ReadonlyMap<Oid, Oid>> {
  const asked = [...new Set(commits)];
  const unknown = asked.filter((commit) => !cache.trees.has(commit));
  if (unknown.length > 0) {
    const stdin = unknown.map((commit) => `${checkOid(commit)}^{tree}\n`).join('');
    const answer = await cache.git(['cat-file', '--batch-check=%(objectname)'], { stdin, offline: true });
    if (answer.status !== 0) fail('looking for commits', answer);
    for (const [i, tree] of answer.stdout.split('\n').entries()) {
      const commit = unknown[i];
      if (commit && /^[0-9a-f]+$/.test(tree)) remember(cache.trees, commit, tree);
    }
  }
  return new Map(
    asked.flatMap((commit): [Oid, Oid][] => {
      const tree = cache.trees.get(commit);
      return tree ? [[commit, tree]] : [];
    }),
  );
}

/** The tree of a commit that is in the cache. */
export const treeOf = async (cache: Cache, commit: Oid): Promise<Oid | undefined> =>
  (await treesHere(cache, [commit])).get(commit);

/** The trees of these commits, fetched together if they are missing; a commit that the remote has lost has none here. */
export async function bringCommits(cache: Cache, commits: readonly Oid[]): Promise<ReadonlyMap<Oid, Oid>> {
  const here = await treesHere(cache, commits);
  const missing = [...new Set(commits)].filter((commit) => !here.has(commit));
  // What is not among borrowed objects is nowhere.
  if (missing.length === 0 || cache.lender !== undefined) return here;
  const answer = await fetch(cache, missing);
  if (answer.status !== 0) {
    if (!lostOid(answer)) fail('fetching commits', answer);
    // Some hosts hand out only what a branch points at or holds; and one that is lost holds up all others.
    await fetchAllTips(cache);
  }
  return treesHere(cache, commits);
}

/** By their ids: names of theirs would stand in each other's way here, as those of a file and a directory do. */
async function fetchAllTips(cache: Cache): Promise<void> {
  const listed = await cache.git([
    'ls-remote',
    '--refs',
    '--end-of-options',
    'origin',
    'refs/heads/*',
    'refs/gastown/*',
  ]);
  if (listed.status !== 0) fail('listing all branches', listed);
  const tips = new Set(listed.stdout.split('\n').flatMap((line) => line.split('\t')[0] || []));
  const stdin = [...tips].map((tip) => `${checkOid(tip)}\n`).join('');
  const answer = await cache.git([...fetchArgs, '--stdin', 'origin'], { stdin });
  if (answer.status !== 0) fail('fetching all branches', answer);
}

/** True once the commit is in the cache; false if the remote has lost it. */
export const ensure = async (cache: Cache, oid: Oid): Promise<boolean> => (await bringCommits(cache, [oid])).has(oid);

export type Fetched =
  /** Where each branch is now. */
  | { readonly ok: true; readonly heads: ReadonlyMap<string, Oid> }
  | { readonly ok: false; readonly lost: 'branch' | 'base'; readonly answer: GitAnswer };

/** One fetch of the base (unless it is here already) and of every branch; or one look, where objects are borrowed. */
export async function fetchAll(cache: Cache, base: Oid, refs: readonly string[]): Promise<Fetched> {
  if (cache.lender !== undefined && (await treeOf(cache, base))) {
    const answer = await cache.git([...listArgs, ...refs.map(checkRef)], { gitDir: cache.lender });
    if (answer.status !== 0) fail('reading branches', answer);
    return { ok: true, heads: branchesIn(answer.stdout) };
  }
  const wants = [...(cache.trees.has(base) ? [] : [`+${base}:${baseRef}`]), ...new Set(refs.map(checkRef))];
  if (wants.length === 0) return { ok: true, heads: new Map() };
  const answer = await fetch(cache, wants);
  if (answer.status !== 0) {
    if (lostRef(answer)) return { ok: false, lost: 'branch', answer };
    if (lostOid(answer)) return { ok: false, lost: 'base', answer };
    fail('fetching', answer);
  }
  return { ok: true, heads: parseFetchHead(await readFile(join(cache.dir, 'FETCH_HEAD'), 'utf8')) };
}

/** Branch names and their commits, from lines `<oid>\t<ref>`. */
export function branchesIn(text: string): ReadonlyMap<string, Oid> {
  const heads = new Map<string, Oid>();
  for (const line of text.split('\n')) {
    const [oid, ref] = line.split('\t');
    if (oid && ref?.startsWith('refs/heads/')) heads.set(ref.slice('refs/heads/'.length), oid);
  }
  return heads;
}

/** Lines of `FETCH_HEAD`: `<oid>\t[not-for-merge]\tbranch '<name>' of <url>`. */
function parseFetchHead(text: string): ReadonlyMap<string, Oid> {
  const heads = new Map<string, Oid>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]+)\t[^\t]*\tbranch '(.*)' of /.exec(line);
    if (match?.[1] && match[2]) heads.set(match[2], match[1]);
  }
  return heads;
}
