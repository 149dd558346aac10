/** What is read of a repository at a commit: its tree, its files, its latest commits. */
import type { CommitLine, FileRead, TreeEntry } from '../../../core/ports.ts';
import { type Commit, filesOf } from './objects.ts';

export const treeEntries = ({ tree }: Commit): { entries: TreeEntry[]; more: boolean } => ({
  entries: [...filesOf(tree)].map(([path]) => ({ path, is: 'file' })),
  more: false,
});

export function filesAt({ tree }: Commit, paths: readonly string[]): FileRead[] {
  const files = new Map(filesOf(tree));
  const directories = new Set([...files.keys()].flatMap(parentsOf));
  return paths.map((path) => {
    const text = files.get(path);
    if (text !== undefined) return { is: 'text', text };
    return { is: directories.has(path) ? 'binary' : 'missing' };
  });
}

const parentsOf = (path: string): string[] => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));

export function firstParents(from: Commit, max: number): CommitLine[] {
  const lines: CommitLine[] = [];
  for (let commit: Commit | undefined = from; commit && lines.length < max; commit = commit.parents[0]) {
    const at = Math.floor(commit.committer.at / 1000) * 1000;
    lines.push({ oid: commit.oid, at, subject: commit.message.split('\n\n')[0]?.replaceAll('\n', ' ').trim() ?? '' });
  }
  return lines;
}
