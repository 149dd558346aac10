/**
 * Looks at a commit that claims to resolve a conflict, beside what git makes of the two sides by itself: there, the text
 * between two conflicts is settled, and whoever resolves them has no business in it.
 */
import { limits } from '../core/limits.ts';
import type { Oid, ResolutionFacts, Spot } from '../core/ports.ts';
import { isAncestor, mergeBaseOf } from './ancestry.ts';
import { type File, readFiles } from './blobs.ts';
import { type Cache, fail } from './cache.ts';
import { bringCommits } from './fetch.ts';
import { type Merge, mergeTree } from './merge.ts';
import { pathName } from './names.ts';
import { outsideOfConflicts } from './regions.ts';
import { outputBytesMax } from './run.ts';
import { isTestFile, skips, testsIn } from './test-code.ts';

interface Asked {
  readonly base: Oid;
  readonly head: Oid;
  readonly resolved: Oid;
}

/** More files than this are not looked into; that they are stray is said all the same. */
const filesMax = 200;

export async function inspectResolution(cache: Cache, asked: Asked): Promise<ResolutionFacts | undefined> {
  const { base, head, resolved } = asked;
  const commits = [base, head, resolved];
  const here = await bringCommits(cache, commits);
  if (!commits.every((commit) => here.has(commit))) return undefined;
  const merge = await mergeTree(cache, base, head);
  const conflicted = new Set(merge.merged === 'conflict' ? merge.files.keys() : []);
  const automatic = treeOf(merge, base);
  const changed = await changedFiles(cache, automatic, resolved);
  const looked = [...new Set([...conflicted, ...changed.paths])];
  const versions = await versionsOf(cache, { ...asked, automatic }, looked.slice(0, filesMax), conflicted);
  const found = versions.map((file) => inspect(file, asked, conflicted.has(file.path)));
  const lists = {
    strayPaths: changed.paths.filter((path) => !conflicted.has(path)).map(pathName),
    strayHunks: found.flatMap((facts) => facts.strayHunks),
    deletedTests: found.flatMap((facts) => facts.deletedTests),
    skippedTests: found.flatMap((facts) => facts.skippedTests),
    markers: found.flatMap((facts) => facts.markers),
  };
  const more =
    changed.cut ||
    looked.length > filesMax ||
    versions.some(unread) ||
    Object.values(lists).some((list) => list.length > limits.resolutionFactsMax);
  const cut = <T>(list: readonly T[]): readonly T[] => list.slice(0, limits.resolutionFactsMax);
  return {
    containsBase: (await isAncestor(cache, base, resolved)) === true,
    containsHead: (await isAncestor(cache, head, resolved)) === true,
    conflicted: merge.merged === 'conflict' ? merge.paths : [],
    strayPaths: cut(lists.strayPaths),
    strayHunks: cut(lists.strayHunks),
    deletedTests: cut(lists.deletedTests),
    skippedTests: cut(lists.skippedTests),
    markers: cut(lists.markers),
    more,
  };
}

/** Of two histories that have nothing in common git makes nothing: the base stands as it is. */
const treeOf = (merge: Merge, base: Oid): Oid => (merge.merged === 'unrelated' ? base : merge.tree);

interface Changed {
  readonly paths: readonly string[];
  readonly cut: boolean;
}

/** Counts lines only so that a partial cache fetches the contents of all these files together, and not one by one later. */
async function changedFiles(cache: Cache, from: Oid, to: Oid): Promise<Changed> {
  const args = ['diff-tree', '-r', '-z', '--numstat', '--no-renames', '--no-ext-diff', '--no-textconv', from, to];
  const answer = await cache.git(args, { bytes: true });
  if (answer.status !== 0) fail(`comparing ${from} and ${to}`, answer);
  const rows = answer.stdout.split('\0').slice(0, -1);
  const paths = rows.map((row) => row.replace(/^[^\t]*\t[^\t]*\t/, ''));
  return { paths, cut: answer.stdout.length >= outputBytesMax - 64 * 1024 };
}

const corners = ['mergeBase', 'base', 'head', 'automatic', 'resolved'] as const;
type Corner = (typeof corners)[number];

/** A file of the resolution, by its name of one character a byte. */
type Versions = { readonly path: string } & { readonly [corner in Corner]?: File };

/** Where there was no conflict, what git merged stands for all three that it was made of. */
async function versionsOf(
  cache: Cache,
  asked: Asked & { automatic: Oid },
  paths: readonly string[],
  conflicted: ReadonlySet<string>,
): Promise<Versions[]> {
  const { automatic, resolved } = asked;
  const merged = { automatic, resolved, mergeBase: automatic, base: automatic, head: automatic };
  const mergeBase = (await mergeBaseOf(cache, asked.base, asked.head)) ?? asked.base;
  const nameOf = (corner: Corner, path: string): string =>
    `${(conflicted.has(path) ? { ...asked, mergeBase } : merged)[corner]}:${path}`;
  const names = paths.flatMap((path) => corners.map((corner) => nameOf(corner, path)));
  const files = await readFiles(cache, [...new Set(names)]);
  return paths.map((path) => {
    const found = corners.map((corner) => [corner, files.get(nameOf(corner, path))] as const);
    return { path, ...Object.fromEntries(found.filter(([, file]) => file !== undefined)) };
  });
}

const unread = (file: Versions): boolean => corners.some((corner) => file[corner]?.is === 'unread');
const textOf = (file: File | undefined): string => (file?.is === 'text' ? file.text : '');

type FileFacts = Pick<ResolutionFacts, 'strayHunks' | 'deletedTests' | 'skippedTests' | 'markers'>;

function inspect(file: Versions, { base, head }: Asked, conflicted: boolean): FileFacts {
  const path = pathName(file.path);
  const resolved = textOf(file.resolved);
  const isNew = newLines(file, resolved);
  const spots = (counts: (line: string) => boolean): Spot[] =>
    resolved.split('\n').flatMap((line, i) => (counts(line) && isNew(line) ? [spotOf(path, i + 1, line)] : []));
  const expected = testsExpected(file, path);
  const declared = testsIn(path, resolved);
  const holdsTests = isTestFile(path) || expected.length > 0 || declared.size > 0;
  const settled = conflicted && file.automatic?.is === 'text' && file.resolved?.is === 'text';
  const outside = settled ? outsideOfConflicts(file.automatic.text, resolved, { ours: base, theirs: head }) : [];
  return {
    strayHunks: outside.map(({ line, text }) => spotOf(path, line, text)),
    deletedTests: file.resolved
      ? expected.filter((test) => !declared.has(test)).map((test) => ({ path, test }))
      : isTestFile(path) && file.automatic && !deletedByOneSide(file)
        ? [{ path }]
        : [],
    skippedTests: holdsTests ? spots((line) => skips(path, line)) : [],
    markers: spots((line) => /^(<{7}|>{7}|\|{7})( |\r?$)/.test(line)),
  };
}

const spotOf = (path: string, line: number, text: string): Spot => ({ path, line, text: text.trim().slice(0, 200) });

/** Lines that neither side has: what was there before is not the resolver's doing. */
function newLines(file: Versions, resolved: string): (line: string) => boolean {
  if (resolved === '') return () => false;
  const old = new Set(`${textOf(file.base)}\n${textOf(file.head)}`.split('\n').map((line) => line.trim()));
  return (line) => !old.has(line.trim());
}

const deletedByOneSide = (file: Versions): boolean =>
  file.mergeBase !== undefined && (file.base === undefined || file.head === undefined);

/** The tests of both sides, without those that one side took away on purpose. */
function testsExpected(file: Versions, path: string): string[] {
  const [before, base, head] = [file.mergeBase, file.base, file.head].map((side) => testsIn(path, textOf(side)));
  if (!before || !base || !head) return [];
  const kept = (test: string): boolean => !before.has(test) || (base.has(test) && head.has(test));
  return [...new Set([...base, ...head])].filter(kept);
}
