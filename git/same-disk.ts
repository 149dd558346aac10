/**
 * A remote on the same disk needs no fetch: the cache borrows its objects (`objects/info/alternates`), and its refs are
 * read in place by one process instead of three. Safe because the cache keeps nothing of its own: should the remote
 * drop an object that was borrowed, the cache is damaged, and is made anew. Writing still goes through `git push`, so
 * that the remote's hooks and rules hold here too.
 */
import { existsSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLocal } from './names.ts';

/** The repository's own directory, bare or not; nothing for URLs and for layouts that only git understands. */
export function gitDirOf(url: string): string | undefined {
  if (!isLocal(url)) return undefined;
  return [url, join(url, '.git')].find((dir) => existsSync(join(dir, 'HEAD')) && existsSync(join(dir, 'objects')));
}

/** Where the lender's history was cut off, as CI's checkouts are, the borrower's ends as well: it is not a damage. */
export async function borrowFrom(lender: string, dir: string): Promise<void> {
  await writeFile(join(dir, 'objects', 'info', 'alternates'), `${join(lender, 'objects')}\n`);
  if (existsSync(join(lender, 'shallow'))) await copyFile(join(lender, 'shallow'), join(dir, 'shallow'));
}

/** Lists refs of the repository itself, as `ls-remote` does of a remote. */
export const listArgs = ['for-each-ref', '--format=%(objectname)%09%(refname)'] as const;
