/** Brings commits into the cache, with as few processes as can be: one fetch for everything that is missing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid } from '../core/ports.ts';
import { type Cache, fail, remember } from './cache.ts';
import { checkRef } from './names.ts';
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

async function has(cache: Cache, oid: Oid): Promise<boolean> {
  if (cache.trees.has(oid)) return true;
  return (await treeOf(cache, oid)) !== undefined;
}

/** The tree of a commit that is in the cache. Never asks the remote. */
export async function treeOf(cache: Cache, commit: Oid): Promise<Oid | undefined> {
  const known = cache.trees.get(commit);
  if (known) return known;
  const answer = await cache.git(['rev-parse', '--verify', '--quiet', `${commit}^{tree}`]);
  if (answer.status !== 0) return undefined;
  return remember(cache.trees, commit, answer.stdout.trim());
}

/** True once the commit is in the cache; false if the remote has lost it. */
export async function ensure(cache: Cache, oid: Oid): Promise<boolean> {
  if (await has(cache, oid)) return true;
  const answer = await fetch(cache, [`+${oid}:${baseRef}`]);
  if (answer.status === 0) return has(cache, oid);
  if (!lostOid(answer)) fail(`fetching ${oid}`, answer);
  // Some hosts hand out only what a branch points at or holds.
  const all = await fetch(cache, ['+refs/heads/*:refs/town/heads/*']);
  if (all.status !== 0) fail('fetching all branches', all);
  return has(cache, oid);
}

export type Fetched =
  /** Where each branch is now. */
  | { readonly ok: true; readonly heads: ReadonlyMap<string, Oid> }
  | { readonly ok: false; readonly lost: 'branch' | 'base'; readonly answer: GitAnswer };

/** One fetch of the base (unless it is here already) and of every branch; or one look, where objects are borrowed. */
export async function fetchAll(cache: Cache, base: Oid, refs: readonly string[]): Promise<Fetched> {
  if (cache.lender !== undefined && (await has(cache, base))) {
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
