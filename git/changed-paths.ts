/** Which files each of many branches changes, in two processes for all of them. */
import { limits } from '../core/limits.ts';
import type { ChangedPaths, Oid } from '../core/ports.ts';
import { mergeBaseOf } from './ancestry.ts';
import { type Cache, fail } from './cache.ts';
import { bringCommits } from './fetch.ts';
import { checkOid, pathName } from './names.ts';
import { outputBytesMax } from './run.ts';

export async function changedPaths(
  cache: Cache,
  asked: { base: Oid; heads: readonly Oid[] },
): Promise<readonly (ChangedPaths | undefined)[]> {
  const here = await bringCommits(cache, [asked.base, ...asked.heads]);
  const heads = here.has(asked.base) ? [...new Set(asked.heads)].filter((head) => here.has(head)) : [];
  const pairs = await withMergeBases(cache, asked.base, heads);
  const found = new Map<Oid, ChangedPaths>();
  while (found.size < pairs.length) {
    const rest = pairs.filter(([head]) => !found.has(head));
    for (const [head, changed] of await diffs(cache, rest)) found.set(head, changed);
  }
  return asked.heads.map((head) => found.get(head));
}

/** Pairs of a head and its merge base with the base; heads that have none are left out. */
async function withMergeBases(cache: Cache, base: Oid, heads: readonly Oid[]): Promise<readonly [Oid, Oid][]> {
  if (heads.length === 0) return [];
  const stdin = [`^${checkOid(base)}`, ...heads.map(checkOid)].join('\n');
  const answer = await cache.git(['rev-list', '--boundary', '--parents', '--stdin'], { stdin: `${stdin}\n` });
  if (answer.status !== 0) fail('reading what branches have over their base', answer);
  const parents = new Map<Oid, readonly Oid[]>();
  for (const line of answer.stdout.split('\n')) {
    const [commit = '', ...over] = line.split(' ');
    if (/^[0-9a-f]/.test(commit)) parents.set(commit, over);
  }
  const pairs: [Oid, Oid][] = [];
  for (const head of heads) {
    const ends = whereItLeaves(head, parents);
    // A branch that merged its base meanwhile meets it in several places; and where commits are dated before their
    // parents, a walk may run past the place. Then git is asked for this one alone.
    const from = ends.size === 1 ? [...ends][0] : await mergeBaseOf(cache, base, head);
    if (from) pairs.push([head, from]);
  }
  return pairs;
}

/** The commits of the base that a branch's own commits stand on. */
function whereItLeaves(head: Oid, parents: ReadonlyMap<Oid, readonly Oid[]>): ReadonlySet<Oid> {
  const ends = new Set<Oid>();
  const seen = new Set<Oid>();
  const left = [head];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const over = parents.get(at);
    if (over) left.push(...over);
    else ends.add(at);
  }
  return ends;
}

/** `diff-tree` takes what follows a commit for its parents. At least the first head is in the answer. */
async function diffs(cache: Cache, pairs: readonly [Oid, Oid][]): Promise<readonly [Oid, ChangedPaths][]> {
  const args = ['diff-tree', '--stdin', '-r', '-z', '--no-renames', '--always', '--abbrev=7'];
  const stdin = pairs.map(([head, from]) => `${head} ${from}\n`).join('');
  const answer = await cache.git(args, { stdin, bytes: true });
  if (answer.status !== 0) fail('reading what branches change', answer);
  const cut = answer.stdout.length >= outputBytesMax - 64 * 1024;
  const found: [Oid, string[]][] = [];
  let named = false;
  for (const field of answer.stdout.split('\0')) {
    if (named) found.at(-1)?.[1].push(field);
    else if (!field.startsWith(':')) found.push([field, []]);
    named = !named && field.startsWith(':');
  }
  // The output ends with a NUL, or where it was cut.
  const last = found.pop();
  if (cut && last && (found.length === 0 || last[1].length > limits.changedPathsMax)) found.push(last);
  return found.map(([head, raw]) => {
    const paths = raw.slice(0, limits.changedPathsMax).map(pathName);
    return [head, { paths, more: raw.length > limits.changedPathsMax }];
  });
}
