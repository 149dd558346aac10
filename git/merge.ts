/** Merges two commits as git would, without a work tree and without anything that the repository itself configures. */
import type { Oid } from '../core/ports.ts';
import { type Cache, fail } from './cache.ts';
import { checkOid, pathName } from './names.ts';

/** A file at one of the three corners of a merge. */
export interface Stage {
  readonly mode: string;
  readonly oid: Oid;
}

/** At the merge base, in `ours`, in `theirs`; absent where there is no such file. */
export type Stages = readonly [Stage?, Stage?, Stage?];

export type Merge =
  | { readonly merged: 'clean'; readonly tree: Oid }
  | {
      readonly merged: 'conflict';
      /** Has the conflicts marked in its files. */
      readonly tree: Oid;
      /** By the names that the files have in `tree`, one character a byte. */
      readonly files: ReadonlyMap<string, Stages>;
      readonly paths: readonly string[];
    }
  | { readonly merged: 'unrelated' };

export async function mergeTree(cache: Cache, ours: Oid, theirs: Oid): Promise<Merge> {
  const answer = await cache.git(['merge-tree', '--write-tree', '-z', checkOid(ours), checkOid(theirs)], {
    bytes: true,
  });
  if (/unrelated histories/.test(answer.stderr)) return { merged: 'unrelated' };
  // Exit 1 is a conflict; above that is infrastructure.
  if (answer.status !== 0 && answer.status !== 1) fail(`merging ${theirs} into ${ours}`, answer);
  const [tree = '', ...fields] = answer.stdout.split('\0');
  if (answer.status === 0) return { merged: 'clean', tree: checkOid(tree.trim()) };
  const end = fields.indexOf('');
  const files = stagesOf(fields.slice(0, end));
  for (const path of inMessages(fields.slice(end + 1))) if (!files.has(path)) files.set(path, []);
  // A file that stands in the way of a directory is kept as `<name>~<commit>`.
  const moved = new RegExp(`~(${ours}|${theirs})(_\\d+)?$`);
  const paths = new Set([...files.keys()].map((path) => pathName(path.replace(moved, ''))));
  return { merged: 'conflict', tree: checkOid(tree), files, paths: [...paths] };
}

/** `<mode> <oid> <stage>\t<path>` each. */
function stagesOf(fields: readonly string[]): Map<string, Stages> {
  const files = new Map<string, Stages>();
  for (const field of fields) {
    const match = /^(\d+) ([0-9a-f]+) ([123])\t(.*)$/s.exec(field);
    if (!match?.[1] || !match[2] || !match[4]) continue;
    const stages: [Stage?, Stage?, Stage?] = [...(files.get(match[4]) ?? [])];
    stages[Number(match[3]) - 1] = { mode: match[1], oid: match[2] };
    files.set(match[4], stages);
  }
  return files;
}

/** How many paths a message is about, these paths, its kind, its text. Some conflicts are in a message alone. */
function inMessages(fields: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < fields.length; ) {
    const count = Number(fields[i] || Number.NaN);
    if (!Number.isInteger(count)) break;
    const kind = fields[i + 1 + count] ?? '';
    if (kind.startsWith('CONFLICT')) found.push(...fields.slice(i + 1, i + 1 + count));
    i += count + 3;
  }
  return found;
}
