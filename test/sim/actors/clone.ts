/** What a task sees of a remote, and what it leaves there: as containers/polecat/clone.ts and publish.ts have it. */
import type { Oid } from '../../../core/ports.ts';
import type { Commit } from '../git/objects.ts';
import type { Origin, Pushed } from '../git/origin.ts';

const isOid = (name: string): boolean => /^[0-9a-f]{40}$/.test(name);

/** Branch, full ref or commit. */
export function find(origin: Origin, name: string): Commit | undefined {
  if (isOid(name)) return origin.commit(name);
  return origin.at(name.startsWith('refs/') ? name : `refs/heads/${name}`);
}

/** To a branch that must be new; an answer that was lost is read back from the remote. */
export const pushNew = (origin: Origin, branch: string, to: Commit): Pushed =>
  origin.push({ ref: `refs/heads/${branch}`, to, lease: 'absent' });

export const nowhere = (random: { between(min: number, max: number): number }): Oid =>
  Array.from({ length: 40 }, () => random.between(0, 15).toString(16)).join('');
