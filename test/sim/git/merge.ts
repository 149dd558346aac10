/**
 * Three-way merge by whole files: a path that one side alone changed is that side's; one that both changed differently
 * is a conflict. Renames are not followed, so texts that move to another path must differ there, as they do when each
 * names its path. Several merge bases are first merged with each other, as git's `ort` does.
 */
import { mergeBases } from './history.ts';
import {
  type Blob,
  blobOf,
  type Commit,
  commitOf,
  type Entry,
  emptyTree,
  isTree,
  type Tree,
  treeOf,
} from './objects.ts';

export type Merge = { readonly tree: Tree } | { readonly conflicts: readonly string[] } | { readonly unrelated: true };

export function mergeCommits(ours: Commit, theirs: Commit): Merge {
  const bases = mergeBases(ours, theirs);
  return bases.length === 0 ? { unrelated: true } : mergeTrees(common(bases), ours.tree, theirs.tree);
}

export function mergeTrees(base: Tree, ours: Tree, theirs: Tree): Exclude<Merge, { unrelated: true }> {
  const { tree, conflicts } = mergeCleanly(base, ours, theirs);
  return conflicts.length > 0 ? { conflicts } : { tree };
}

/** What there is of the merge without the files in conflict. */
export function mergeCleanly(base: Tree, ours: Tree, theirs: Tree): { tree: Tree; conflicts: readonly string[] } {
  const conflicts: string[] = [];
  const merged = mergeEntry(base, ours, theirs, '', (path) => {
    conflicts.push(path);
    return undefined;
  });
  return { tree: isTree(merged) ? merged : emptyTree, conflicts: conflicts.sort() };
}

/** Decides what stands at a path that both sides changed. */
type Settle = (path: string, base?: Blob, ours?: Blob, theirs?: Blob) => Blob | undefined;

function mergeEntry(
  base: Entry | undefined,
  ours: Entry | undefined,
  theirs: Entry | undefined,
  path: string,
  settle: Settle,
): Entry | undefined {
  if (ours?.oid === theirs?.oid || base?.oid === theirs?.oid) return ours;
  if (base?.oid === ours?.oid) return theirs;
  const sides = [base, ours, theirs];
  if (!sides.some(isTree))
    return settle(path, base as Blob | undefined, ours as Blob | undefined, theirs as Blob | undefined);
  if (sides.some((side) => side && !isTree(side)))
    throw new Error(`the model merges no file with a directory (${path})`);
  return mergeEntries(base as Tree | undefined, ours as Tree | undefined, theirs as Tree | undefined, path, settle);
}

function mergeEntries(
  base: Tree | undefined,
  ours: Tree | undefined,
  theirs: Tree | undefined,
  path: string,
  settle: Settle,
): Tree | undefined {
  const names = new Set([base, ours, theirs].flatMap((tree) => [...(tree?.entries.keys() ?? [])]));
  const entries: [string, Entry][] = [];
  for (const name of names) {
    const below = path === '' ? name : `${path}/${name}`;
    const merged = mergeEntry(
      base?.entries.get(name),
      ours?.entries.get(name),
      theirs?.entries.get(name),
      below,
      settle,
    );
    if (merged) entries.push([name, merged]);
  }
  return entries.length === 0 ? undefined : treeOf(entries);
}

const nobody = { name: '', email: '', at: 0 };

/** The tree that stands for several merge bases: their own merge, in which a conflict becomes a text like no other. */
export function common(bases: readonly Commit[]): Tree {
  const [first, ...rest] = bases;
  if (!first) return emptyTree;
  return rest.reduce((merged, next) => {
    const base = common(mergeBases(merged, next));
    const tree = mergeEntry(base, merged.tree, next.tree, '', (_, before, ours, theirs) =>
      ours && theirs ? blobOf(`<<<<<<<\n${ours.text}=======\n${theirs.text}>>>>>>>\n`) : before,
    );
    return commitOf({
      tree: isTree(tree) ? tree : emptyTree,
      parents: [merged, next],
      author: nobody,
      committer: nobody,
      message: '',
    });
  }, first).tree;
}
