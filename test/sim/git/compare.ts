/** What the planner and the resolver of conflicts ask of two or three commits. */
import { limits } from '../../../core/limits.ts';
import type { ChangedPaths, ConflictReport, Oid, ResolutionFacts, Spot } from '../../../core/ports.ts';
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

const isTest = (path: string): boolean => /(^|\/)tests?\/|\.test\./.test(path);

/** By whole files: all of a file in conflict is the conflict's region. */
export function inspectResolution(base: Commit, head: Commit, resolved: Commit): ResolutionFacts {
  const { tree, conflicts } = mergeCleanly(common(mergeBases(base, head)), base.tree, head.tree);
  const [ours, theirs, now] = [base, head, resolved].map((commit) => new Map(filesOf(commit.tree)));
  const spots = (pattern: RegExp): readonly Spot[] =>
    [...(now ?? [])].flatMap(([path, text]) => {
      const known = `${ours?.get(path) ?? ''}\n${theirs?.get(path) ?? ''}`.split('\n');
      const lines = text.split('\n').entries();
      return [...lines].flatMap(([i, line]) =>
        pattern.test(line) && !known.includes(line) ? [{ path, line: i + 1, text: line }] : [],
      );
    });
  return {
    containsBase: isAncestor(base, resolved),
    containsHead: isAncestor(head, resolved),
    conflicted: conflicts,
    strayPaths: differing(tree, resolved.tree).filter((path) => !conflicts.includes(path)),
    strayHunks: [],
    deletedTests: [...(ours?.keys() ?? [])]
      .filter((path) => isTest(path) && theirs?.has(path) && !now?.has(path))
      .map((path) => ({ path })),
    skippedTests: spots(/\b(test|it|describe)\.(skip|only)\b/).filter(({ path }) => isTest(path)),
    markers: spots(/^(<<<<<<<|=======|>>>>>>>)/),
    more: false,
  };
}

/** Of those that the remote holds. */
export function containedIn(base: Commit, head: Commit, others: readonly Commit[]): readonly Oid[] {
  return others
    .filter((other) => other !== head && isAncestor(other, head) && !isAncestor(other, base))
    .map(({ oid }) => oid);
}
