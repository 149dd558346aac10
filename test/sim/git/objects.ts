/**
 * Blobs, trees and commits in memory, under the ids that git itself would give them: what the model answers can then
 * be compared with real git by equality. Immutable, and shared between all trees that hold them.
 */
import { createHash } from 'node:crypto';
import type { Instant, Oid } from '../../../core/ports.ts';

export interface Blob {
  readonly oid: Oid;
  readonly text: string;
}

export interface Tree {
  readonly oid: Oid;
  readonly entries: ReadonlyMap<string, Entry>;
}

export type Entry = Blob | Tree;

export const isTree = (entry: Entry | undefined): entry is Tree => entry !== undefined && 'entries' in entry;

export interface Person {
  readonly name: string;
  readonly email: string;
  /** Git keeps whole seconds. */
  readonly at: Instant;
}

export interface Commit {
  readonly oid: Oid;
  readonly tree: Tree;
  readonly parents: readonly Commit[];
  readonly author: Person;
  readonly committer: Person;
  readonly message: string;
  /** More than that of every ancestor. */
  readonly generation: number;
}

const oidOf = (type: 'blob' | 'tree' | 'commit', body: string | Buffer): Oid =>
  createHash('sha1')
    .update(`${type} ${Buffer.byteLength(body)}\0`)
    .update(body)
    .digest('hex');

export const blobOf = (text: string): Blob => ({ oid: oidOf('blob', text), text });

/** Git sorts a directory as if its name ended in a slash. */
const sortKey = ([name, entry]: [string, Entry]): string => (isTree(entry) ? `${name}/` : name);

export function treeOf(entries: Iterable<[string, Entry]>): Tree {
  const sorted = [...entries].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const rows = sorted.flatMap(([name, entry]) => [
    Buffer.from(`${isTree(entry) ? '40000' : '100644'} ${name}\0`),
    Buffer.from(entry.oid, 'hex'),
  ]);
  return { oid: oidOf('tree', Buffer.concat(rows)), entries: new Map(sorted) };
}

export const emptyTree = treeOf([]);

/** What a commit changes: the new text of each path, or `null` where it deletes the file. */
export type Files = Readonly<Record<string, string | null>>;

export function withFiles(tree: Tree, files: Files): Tree {
  return Object.entries(files).reduce((now, [path, text]) => withFile(now, path.split('/'), text), tree);
}

function withFile(tree: Tree, [name = '', ...rest]: readonly string[], text: string | null): Tree {
  const entries = new Map(tree.entries);
  const there = entries.get(name);
  if (rest.length === 0) {
    if (isTree(there)) throw new Error(`the model has no file in the place of a directory (${name})`);
    if (text === null) entries.delete(name);
    else entries.set(name, blobOf(text));
    return treeOf(entries);
  }
  if (there && !isTree(there)) throw new Error(`the model has no directory in the place of a file (${name})`);
  const below = withFile(there ?? emptyTree, rest, text);
  if (below.entries.size === 0) entries.delete(name);
  else entries.set(name, below);
  return treeOf(entries);
}

/** Every file of a tree, with its whole path, in git's order. */
export function* filesOf(tree: Tree, under = ''): Generator<readonly [path: string, text: string]> {
  for (const [name, entry] of tree.entries) {
    if (isTree(entry)) yield* filesOf(entry, `${under}${name}/`);
    else yield [`${under}${name}`, entry.text];
  }
}

export type NewCommit = Omit<Commit, 'oid' | 'generation'>;

/** Commits by their first parent: one that is made again is the same object, for history is walked by identity. */
const children = new WeakMap<Commit, Map<Oid, Commit>>();

export function commitOf(commit: NewCommit): Commit {
  const { tree, parents, author, committer, message } = commit;
  const person = ({ name, email, at }: Person): string => `${name} <${email}> ${Math.floor(at / 1000)} +0000`;
  const body = [
    `tree ${tree.oid}`,
    ...parents.map((parent) => `parent ${parent.oid}`),
    `author ${person(author)}`,
    `committer ${person(committer)}`,
    '',
    message,
  ].join('\n');
  const generation = 1 + Math.max(0, ...parents.map((parent) => parent.generation));
  const made: Commit = { ...commit, oid: oidOf('commit', body), generation };
  const [parent] = parents;
  if (!parent) return made;
  const siblings = children.get(parent) ?? new Map<Oid, Commit>();
  children.set(parent, siblings);
  const known = siblings.get(made.oid);
  if (!known) siblings.set(made.oid, made);
  return known ?? made;
}
