/** Reads a repository at a commit: what is in its tree, the text of files, and its latest commits. */
import { limits } from '../core/limits.ts';
import type { CommitLine, FileRead, Oid, TreeEntry } from '../core/ports.ts';
import { readFiles } from './blobs.ts';
import { type Cache, fail } from './cache.ts';
import { ensure } from './fetch.ts';
import { checkOid, pathName } from './names.ts';
import { outputBytesMax } from './run.ts';

const kinds: Readonly<Record<string, TreeEntry['is']>> = { '120000': 'link', '160000': 'module' };

export async function readTree(
  cache: Cache,
  commit: Oid,
): Promise<{ entries: readonly TreeEntry[]; more: boolean } | undefined> {
  if (!(await ensure(cache, checkOid(commit)))) return undefined;
  // Without sizes: over a URL the files themselves have stayed behind.
  const answer = await cache.git(['ls-tree', '-r', '-z', '--full-tree', commit], { bytes: true });
  if (answer.status !== 0) fail('reading the tree', answer);
  const rows = answer.stdout.split('\0');
  const cut = answer.stdout.length >= outputBytesMax - 64 * 1024;
  // The output ends with a NUL, or where it was cut.
  rows.pop();
  const entries = rows.slice(0, limits.treePathsMax).map((row): TreeEntry => {
    const [head = '', path = ''] = [row.slice(0, row.indexOf('\t')), row.slice(row.indexOf('\t') + 1)];
    return { path: pathName(path), is: kinds[head.slice(0, 6)] ?? 'file' };
  });
  return { entries, more: cut || rows.length > entries.length };
}

/** Not a path that git would read as another thing than a file of the tree. */
const isPlain = (path: string): boolean =>
  !/[\0\n]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

export async function filesAt(
  cache: Cache,
  { commit, paths }: { commit: Oid; paths: readonly string[] },
): Promise<readonly FileRead[] | undefined> {
  if (!(await ensure(cache, checkOid(commit)))) return undefined;
  const nameOf = (path: string): string => `${commit}:${Buffer.from(path).toString('latin1')}`;
  const found = await readFiles(cache, [...new Set(paths.filter(isPlain).map(nameOf))]);
  return paths.map((path): FileRead => {
    const file = isPlain(path) ? found.get(nameOf(path)) : undefined;
    if (!file) return { is: 'missing' };
    if (file.is === 'text') return file;
    return { is: file.is === 'opaque' ? 'binary' : 'too_large' };
  });
}

export async function recentCommits(
  cache: Cache,
  { from, max }: { from: Oid; max: number },
): Promise<readonly CommitLine[] | undefined> {
  if (!(await ensure(cache, checkOid(from)))) return undefined;
  const answer = await cache.git(['log', '--first-parent', `--max-count=${max}`, '--format=%H %ct %s', from, '--']);
  if (answer.status !== 0) fail('reading the history', answer);
  return answer.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [oid = '', at = '0', ...subject] = line.split(' ');
      return { oid: checkOid(oid), at: Number(at) * 1000, subject: subject.join(' ') };
    });
}
