/** Which commits contain which. */
import type { Oid } from '../core/ports.ts';
import { type Cache, fail } from './cache.ts';
import { bringCommits } from './fetch.ts';
import { checkOid } from './names.ts';

/** `undefined` if the remote has lost one of the two. */
export async function isAncestor(cache: Cache, ancestor: Oid, descendant: Oid): Promise<boolean | undefined> {
  const here = await bringCommits(cache, [descendant, ancestor]);
  if (!here.has(ancestor) || !here.has(descendant)) return undefined;
  const answer = await cache.git(['merge-base', '--is-ancestor', ancestor, descendant]);
  if (answer.status === 0) return true;
  if (answer.status === 1) return false;
  return fail(`is ${ancestor} in ${descendant}`, answer);
}

/** The best one, where there are several; none if the two have nothing in common. */
export async function mergeBaseOf(cache: Cache, one: Oid, other: Oid): Promise<Oid | undefined> {
  const answer = await cache.git(['merge-base', checkOid(one), checkOid(other)]);
  if (answer.status === 1) return undefined;
  if (answer.status !== 0) fail(`finding the merge base of ${one} and ${other}`, answer);
  return checkOid(answer.stdout.trim());
}

/**
 * Which of `others` are in `head` and not in `base`. Only what `head` has over `base` is read, so that the others need
 * not even be here.
 */
export async function containedIn(
  cache: Cache,
  asked: { base: Oid; head: Oid; others: readonly Oid[] },
): Promise<readonly Oid[] | undefined> {
  const { base, head } = asked;
  const others = asked.others.map(checkOid);
  const here = await bringCommits(cache, [base, head]);
  if (!here.has(base) || !here.has(head)) return undefined;
  const answer = await cache.git(['rev-list', head, `^${base}`, '--']);
  if (answer.status !== 0) fail(`reading what ${head} has over ${base}`, answer);
  const own = new Set(answer.stdout.split('\n'));
  const found: Oid[] = [];
  for (const other of others) {
    // Where commits are dated before their parents, the walk runs on into what the base has.
    if (other !== head && own.has(other) && !(await isAncestor(cache, other, base))) found.push(other);
  }
  return found;
}
