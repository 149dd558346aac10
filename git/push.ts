/** Pushes, and says exactly what became of each: done, lease broken, refused by the remote's rules, or not known. */
import { PortRefused, RepoRefused, RepoUnreachable } from '../core/errors.ts';
import type { Oid, PushResult } from '../core/ports.ts';
import { isAncestor } from './ancestry.ts';
import { type Cache, fail } from './cache.ts';
import { ensure } from './fetch.ts';
import { checkOid, checkRef } from './names.ts';
import type { GitAnswer } from './run.ts';

const pushArgs = ['push', '--porcelain', '--no-verify', '--no-recurse-submodules', '--no-signed'];

/** A lease is what the ref must be for the push to happen: an id, or '' for no such ref. */
export function push(cache: Cache, refspecs: readonly string[], lease?: { ref: string; from: Oid | '' }) {
  const leased = lease ? [`--force-with-lease=${lease.ref}:${lease.from}`] : [];
  return cache.git([...pushArgs, ...leased, '--end-of-options', 'origin', ...refspecs]);
}

export async function pushWithLease(cache: Cache, asked: { ref: string; from: Oid; to: Oid }): Promise<PushResult> {
  const ref = checkRef(asked.ref);
  const [from, to] = [checkOid(asked.from), checkOid(asked.to)];
  if (!(await ensure(cache, to))) throw new RepoUnreachable(`commit ${to} is neither in the cache nor in the remote`);
  // A lease alone would also allow a push that is no fast-forward.
  if (cache.parents.get(to) !== from && (await isAncestor(cache, from, to)) !== true)
    throw new PortRefused('NOT_FAST_FORWARD', `${to} does not descend from ${from}`);
  return parsePush(ref, await push(cache, [`${to}:${ref}`], { ref, from }));
}

export async function createBranch(cache: Cache, { ref, at }: { ref: string; at: Oid }): Promise<PushResult> {
  if (!(await ensure(cache, checkOid(at)))) throw new RepoUnreachable(`commit ${at} is not in the remote any more`);
  return parsePush(ref, await push(cache, [`${at}:${ref}`], { ref, from: '' }));
}

/** git refuses a whole push when one of the refs to delete has gone meanwhile: then once more, those that are left. */
export async function deleteRefs(
  cache: Cache,
  refs: ReadonlyMap<string, Oid>,
  readAgain: () => Promise<ReadonlyMap<string, Oid>>,
): Promise<void> {
  const remove = (there: ReadonlyMap<string, Oid>) =>
    push(
      cache,
      [...there.keys()].map((ref) => `:${ref}`),
    );
  if ((await remove(refs)).status === 0) return;
  const left = await readAgain();
  if (left.size === 0) return;
  const again = await remove(left);
  if (again.status === 0) return;
  const refused = [...left.keys()].map((ref) => parsePush(ref, again)).find((result) => result.pushed === 'rejected');
  if (refused) throw new RepoRefused(`deleting refs: ${refused.text}`);
  fail('deleting refs', again);
}

/** Rules of the remote say so, and will say so again. The rest of `[remote rejected]` are races and faults over there. */
const raced =
  /cannot lock ref|failed to update ref|failed to lock|incorrect old value|reference already exists|is at [0-9a-f]+ but expected|does not point to expected object|refresh and try again/i;
const remoteFault =
  /unpacker error|unpack|internal server error|remote failed to report|disk|quota|timeout|timed out|failure$|api is not accessible|api unreachable|not responding|missing necessary objects|fatal error in commit_refs/i;
/** This git's own words, before anything is sent: the lease did not hold. */
const leaseBroken =
  /stale info|fetch first|non-fast-forward|needs force|already exists|remote ref updated since checkout/;
/** Before a ref is spoken of at all: whoever pushes has no business here. */
const turnedAway =
  /returned error: 403|permission to \S+ denied|not allowed to push|write access to repository not granted/i;

/** What the remote's hooks and rules said, for a human. */
function remoteWords(stderr: string): string {
  const said = stderr
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice('remote: '.length).trim())
    .filter((line) => line.length > 0);
  return said.join('\n').slice(0, 2000);
}

/**
 * Reads `git push --porcelain`: a line `<flag>\t<from>:<to>\t<summary>` per ref. Only a line about `ref` is an answer;
 * without one the push may have happened.
 */
export function parsePush(ref: string, answer: GitAnswer): PushResult {
  const said = remoteWords(answer.stderr);
  for (const line of answer.stdout.split('\n')) {
    const [flag, names, summary = ''] = line.split('\t');
    if (!names?.endsWith(`:${ref}`)) continue;
    if (flag === '!') return rejected(summary, said);
    if (answer.timedOut) break;
    return { pushed: 'yes' };
  }
  if (answer.timedOut) return { pushed: 'unknown', text: 'no answer before the deadline' };
  const text = `${answer.stderr.trim().slice(0, 800)} (status ${answer.status ?? 'killed'})`;
  return { pushed: turnedAway.test(answer.stderr) ? 'rejected' : 'unknown', text };
}

function rejected(summary: string, said: string): PushResult {
  const reason = /\((.*)\)\s*$/.exec(summary)?.[1] ?? summary;
  const text = said ? `${said} (${reason})` : reason;
  if (!summary.startsWith('[remote'))
    return leaseBroken.test(reason) ? { pushed: 'stale' } : { pushed: 'unknown', text };
  if (raced.test(text)) return { pushed: 'stale' };
  if (remoteFault.test(text) || summary.startsWith('[remote failure]')) return { pushed: 'unknown', text };
  return { pushed: 'rejected', text };
}
