/** What the planner and the resolver of conflicts ask of two or three commits. */
import { limits } from '../../../core/limits.ts';
import type { ChangedPaths, ConflictReport, Oid, ResolutionFacts, Spot } from '../../../core/ports.ts';
import { isTestFile } from '../../../git/test-code.ts';
import { isAncestor, mergeBases } from './history.ts';
import { common, mergeCleanly, mergeCommits } from './merge.ts';
import { type Commit, emptyTree, filesOf, isTree, type Tree } from './objects.ts';

/** In byte order. Directories that are alike are not looked into. */
export function differing(a: Tree, b: Tree, under = ''): readonly string[] {
  if (a.oid === b.oid) return [];
  const names = new Set([...a.entries.keys(), ...b.entries.keys()]);
  return [...names]
    .flatMap((name): readonly string[] => {
      const [one, other] = [a.entries.get(name), b.entries.get(name)];
      if (one?.oid === other?.oid) return [];
      const path = `${under}${name}`;
      const inside = (tree: Tree | undefined): Tree => tree ?? emptyTree;
      const below =
        isTree(one) || isTree(other)
          ? differing(inside(isTree(one) ? one : undefined), inside(isTree(other) ? other : undefined), `${path}/`)
          : [];
      const isFile = (one && !isTree(one)) || (other && !isTree(other));
      return isFile ? [path, ...below] : below;
    })
    .sort();
}

export function changedPaths(base: Commit, head: Commit): ChangedPaths | undefined {
  const [from] = mergeBases(base, head);
  if (!from) return undefined;
  const paths = differing(from.tree, head.tree);
  return { paths: paths.slice(0, limits.changedPathsMax), more: paths.length > limits.changedPathsMax };
}

export function conflictOf(base: Commit, head: Commit): ConflictReport {
  const [from] = mergeBases(base, head);
  const merge = mergeCommits(base, head);
  if (!from || 'unrelated' in merge) return { found: 'unrelated_history' };
  if ('tree' in merge) return { found: 'none' };
  const diff = (side: Commit): string => diffOf(from.tree, side.tree, merge.conflicts);
  const paths = merge.conflicts;
  return { found: 'conflict', mergeBase: from.oid, paths, baseDiff: diff(base), headDiff: diff(head), cut: false };
}

/** Good enough to be read: the model's files are short. */
function diffOf(before: Tree, after: Tree, paths: readonly string[]): string {
  const [old, young] = [new Map(filesOf(before)), new Map(filesOf(after))];
  const marked = (mark: string, text: string | undefined): string => (text ?? '').replace(/^(?=.)/gm, mark);
  return paths
    .filter((path) => old.get(path) !== young.get(path))
    .map((path) => `--- a/${path}\n+++ b/${path}\n${marked('-', old.get(path))}${marked('+', young.get(path))}`)
    .join('');
}

/** By whole files: all of a file in conflict is the conflict's region, and no text declares a test. */
export function inspectResolution(base: Commit, head: Commit, resolved: Commit): ResolutionFacts {
  const bases = mergeBases(base, head);
  // Of two histories that have nothing in common git makes nothing: the base stands as it is.
  const before = bases.length > 0 ? common(bases) : head.tree;
  const { tree, conflicts } = mergeCleanly(before, base.tree, head.tree);
  const [old, merged] = [new Map(filesOf(before)), new Map(filesOf(tree))];
  const [ours, theirs, now] = [
    new Map(filesOf(base.tree)),
    new Map(filesOf(head.tree)),
    new Map(filesOf(resolved.tree)),
  ];
  const isDeleted = (path: string): boolean => old.has(path) && !(ours.has(path) && theirs.has(path));
  const spots = (pattern: RegExp): readonly Spot[] =>
    [...now].flatMap(([path, text]) => {
      const sides = conflicts.includes(path) ? [ours, theirs] : [merged];
      const known = sides.flatMap((side) => (side.get(path) ?? '').split('\n'));
      return [...text.split('\n').entries()].flatMap(([i, line]) =>
        pattern.test(line) && !known.includes(line) ? [{ path, line: i + 1, text: line }] : [],
      );
    });
  return {
    containsBase: isAncestor(base, resolved),
    containsHead: isAncestor(head, resolved),
    conflicted: conflicts,
    strayPaths: differing(tree, resolved.tree).filter((path) => !conflicts.includes(path)),
    strayHunks: [],
    deletedTests: [...conflicts.filter((path) => !isDeleted(path)), ...merged.keys()]
      .filter((path) => isTestFile(path) && !now.has(path))
      .map((path) => ({ path })),
    skippedTests: [],
    markers: spots(/^(<{7}|>{7}|\|{7})( |$)/),
    more: false,
  };
}

/** Of those that the remote holds. */
export function containedIn(base: Commit, head: Commit, others: readonly Commit[]): readonly Oid[] {
  return others
    .filter((other) => other !== head && isAncestor(other, head) && !isAncestor(other, base))
    .map(({ oid }) => oid);
}
