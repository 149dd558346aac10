/** Pushes, and says exactly what became of each: done, lease broken, refused by the remote's rules, or not known. */
import type { Oid, PushResult } from '../core/ports.ts';
import type { Cache } from './cache.ts';
import type { GitAnswer } from './run.ts';

const pushArgs = ['push', '--porcelain', '--no-verify', '--no-recurse-submodules', '--no-signed'];

export function push(
  cache: Cache,
  refspecs: readonly string[],
  options: { lease?: string; timeoutMs?: number } = {},
): Promise<GitAnswer> {
  return cache.git(
    [
      ...pushArgs,
      ...(options.lease ? [`--force-with-lease=${options.lease}`] : []),
      '--end-of-options',
      'origin',
      ...refspecs,
    ],
    options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs },
  );
}

/** Rules of the remote say so, and will say so again. The rest of `[remote rejected]` are races and faults over there. */
const raced =
  /cannot lock ref|failed to update ref|incorrect old value|reference already exists|is at [0-9a-f]+ but expected/;
const remoteFault = /unpacker error|unpack|internal server error|remote failed to report|disk|quota|timeout|failure$/i;

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
  const text = answer.timedOut
    ? 'no answer before the deadline'
    : `${answer.stderr.trim().slice(0, 800)} (status ${answer.status ?? 'killed'})`;
  return { pushed: 'unknown', text };
}

function rejected(summary: string, said: string): PushResult {
  const reason = /\((.*)\)\s*$/.exec(summary)?.[1] ?? summary;
  if (!summary.startsWith('[remote')) return { pushed: 'stale' };
  if (raced.test(reason)) return { pushed: 'stale' };
  const text = said ? `${said} (${reason})` : reason;
  if (remoteFault.test(reason) || summary.startsWith('[remote failure]')) return { pushed: 'unknown', text };
  return { pushed: 'rejected', text };
}

export const leaseOf = (ref: string, from: Oid): string => `${ref}:${from}`;
