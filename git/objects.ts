/**
 * Commits are written into the cache as git's loose objects, without a process: with `commit-tree` each link of a chain
 * would take two. Every date, name and message comes from the caller, so that the same commit has the same id anywhere.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { ChainLink, Instant, Oid } from '../core/ports.ts';
import { type Cache, CacheDamaged, remember } from './cache.ts';
import { identity } from './names.ts';

export interface CommitText {
  readonly message: string;
  readonly author: ChainLink['author'];
  /** The committer's date: the record's, never the wall clock's. */
  readonly committedAt: Instant;
}

const refinery = 'Gas Town Refinery <refinery@gastown.invalid>';

/** A branch's commits may carry any date; every git must be able to read this one. */
const secondMax = Date.UTC(2099, 11, 31) / 1000;
const gitDate = (at: Instant): string => `${Math.min(Math.max(Math.floor(at / 1000) || 0, 0), secondMax)} +0000`;

export async function writeCommit(cache: Cache, tree: Oid, parents: readonly Oid[], text: CommitText): Promise<Oid> {
  const { author, message } = text;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${identity(author.name)} <${identity(author.email)}> ${gitDate(author.at)}`,
    `committer ${refinery} ${gitDate(text.committedAt)}`,
    '',
    message.replaceAll('\0', '').replace(/\n?$/, '\n'),
  ];
  const oid = await store(cache, 'commit', lines.join('\n'), tree.length);
  remember(cache.trees, oid, tree);
  return oid;
}

/** So that a file which is not there can be compared with one that is. */
export const writeEmptyBlob = (cache: Cache, oidDigits: number): Promise<Oid> => store(cache, 'blob', '', oidDigits);

async function store(cache: Cache, type: 'commit' | 'blob', text: string, oidDigits: number): Promise<Oid> {
  const body = Buffer.from(text);
  const object = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
  const oid = createHash(oidDigits === 64 ? 'sha256' : 'sha1')
    .update(object)
    .digest('hex');
  const path = join(cache.dir, 'objects', oid.slice(0, 2), oid.slice(2));
  if (existsSync(path)) return oid;
  try {
    await mkdir(dirname(path), { recursive: true });
    const unfinished = join(cache.dir, 'objects', `tmp_obj_${oid}`);
    await writeFile(unfinished, deflateSync(object), { mode: 0o444 });
    await rename(unfinished, path);
    return oid;
  } catch (error) {
    throw new CacheDamaged(`writing an object: ${String(error)}`);
  }
}
