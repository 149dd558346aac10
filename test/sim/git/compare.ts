/** What the planner and the resolver of conflicts ask of two or three commits. */
import { limits } from '../../../core/limits.ts';
import type { ChangedPaths, ConflictReport, Oid, ResolutionFacts, Spot } from '../../../core/ports.ts';
import { isTestFile, skips, testsIn } from '../../../git/test-code.ts';
import { isAncestor, mergeBases } from './history.ts';
import { common, mergeCleanly, mergeCommits } from './merge.ts';
import { type Commit, emptyTree, filesOf, isTree, type Tree } from './objects.ts';

/** In byte order. Directories that are alike are not looked into. */
function differing(a: Tree, b: Tree, under = ''): readonly string[] {
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
  const paths = merge.conflicts;
  const [ours, theirs] = [base, head].map((side) => diffOf(from.tree, side.tree, paths)) as [string, string];
  const [baseDiff, headDiff] = [cutOff(ours), cutOff(theirs)];
  const cut = baseDiff !== ours || headDiff !== theirs;
  return { found: 'conflict', mergeBase: from.oid, paths, baseDiff, headDiff, cut };
}

const cutOff = (text: string): string => text.slice(0, limits.conflictDiffBytesMax);

/** Good enough to be read: the model's files are short. */
function diffOf(before: Tree, after: Tree, paths: readonly string[]): string {
  const [old, young] = [new Map(filesOf(before)), new Map(filesOf(after))];
  const marked = (mark: string, text: string | undefined): string => (text ?? '').replace(/^(?=.)/gm, mark);
  return paths
    .filter((path) => old.get(path) !== young.get(path))
    .map((path) => `--- a/${path}\n+++ b/${path}\n${marked('-', old.get(path))}${marked('+', young.get(path))}`)
    .join('');
}

/** By whole files: all of a file in conflict is the conflict's region. */
export function inspectResolution(base: Commit, head: Commit, resolved: Commit): ResolutionFacts {
  const bases = mergeBases(base, head);
  // Of two histories that have nothing in common git makes nothing: the base stands as it is.
  const before = bases.length > 0 ? common(bases) : head.tree;
  const { tree, conflicts } = mergeCleanly(before, base.tree, head.tree);
  const [old, ours, theirs, merged] = [before, base.tree, head.tree, tree].map(textsOf) as [Texts, Texts, Texts, Texts];
  const now = textsOf(resolved.tree);
  const strayPaths = differing(tree, resolved.tree).filter((path) => !conflicts.includes(path));
  const found = [...new Set([...conflicts, ...strayPaths])].map((path) => {
    // Where there was no conflict, what git merged stands for both sides and for what they came from.
    const corners = conflicts.includes(path) ? [old, ours, theirs] : [merged, merged, merged];
    return inspect(path, corners.map((corner) => corner.get(path)) as Sides, now.get(path));
  });
  return {
    containsBase: isAncestor(base, resolved),
    containsHead: isAncestor(head, resolved),
    conflicted: conflicts,
    strayPaths,
    strayHunks: [],
    deletedTests: found.flatMap((facts) => facts.deletedTests),
    skippedTests: found.flatMap((facts) => facts.skippedTests),
    markers: found.flatMap((facts) => facts.markers),
    more: false,
  };
}

type Texts = ReadonlyMap<string, string>;
const textsOf = (tree: Tree): Texts => new Map(filesOf(tree));

/** The file as it was, as either side has it. */
type Sides = [before: string | undefined, ours: string | undefined, theirs: string | undefined];
type FileFacts = Pick<ResolutionFacts, 'deletedTests' | 'skippedTests' | 'markers'>;

function inspect(path: string, [before, ours, theirs]: Sides, now: string | undefined): FileFacts {
  const known = `${ours ?? ''}\n${theirs ?? ''}`.split('\n');
  const spots = (counts: (line: string) => boolean): Spot[] =>
    (now ?? '')
      .split('\n')
      .flatMap((text, i) => (counts(text) && !known.includes(text) ? [{ path, line: i + 1, text }] : []));
  const [old, own, other, left] = [before, ours, theirs, now].map((text) => testsIn(path, text ?? '')) as Tests;
  const expected = [...new Set([...own, ...other])].filter((one) => !old.has(one) || (own.has(one) && other.has(one)));
  const isDeleted = before !== undefined && (ours === undefined || theirs === undefined);
  const gone = isTestFile(path) && (ours ?? theirs) !== undefined && !isDeleted ? [{ path }] : [];
  return {
    deletedTests:
      now === undefined ? gone : expected.filter((one) => !left.has(one)).map((one) => ({ path, test: one })),
    skippedTests: isTestFile(path) || expected.length > 0 || left.size > 0 ? spots((line) => skips(path, line)) : [],
    markers: spots((line) => /^(<{7}|>{7}|\|{7})( |$)/.test(line)),
  };
}

type Tests = [ReadonlySet<string>, ReadonlySet<string>, ReadonlySet<string>, ReadonlySet<string>];

/** Of those that the remote holds. */
export function containedIn(base: Commit, head: Commit, others: readonly Commit[]): readonly Oid[] {
  return others
    .filter((other) => other !== head && isAncestor(other, head) && !isAncestor(other, base))
    .map(({ oid }) => oid);
}
