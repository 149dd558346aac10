/** Blobs as files of a directory, named by their hash and spread over 256 folders. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PortRefused, refuse } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { Blobs } from '../core/ports.ts';

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Reaches the disk before it has its name: what has the name is whole, also after a loss of power. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unnamed = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(unnamed, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(unnamed, path);
  } catch (error) {
    await rm(unnamed, { force: true });
    throw isFull(error) ? diskFull(path, error as Error) : error;
  }
}

const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');

const diskFull = (path: string, error: Error) =>
  refuse(507, 'DISK_FULL', `${path} could not be written: ${error.message}.`, 'Free disk space, then send it again.');

async function hasSize(path: string, size: number): Promise<boolean> {
  try {
    return (await stat(path)).size === size;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export function makeDirectoryBlobs(directory: string): Blobs {
  const pathOf = (hash: string): string => join(directory, hash.slice(0, 2), hash.slice(2));
  return {
    async put(bytes) {
      // Of these bytes as they are now, whatever the caller does with its buffer meanwhile.
      const copy = Uint8Array.from(bytes);
      const hash = sha256(copy);
      const path = pathOf(hash);
      if (!(await hasSize(path, copy.length))) await writeWhole(path, copy);
      return hash;
    },
    async get(hash) {
      if (!/^[0-9a-f]{64}$/.test(hash))
        throw new PortRefused('BAD_HASH', `${JSON.stringify(hash.slice(0, 80))} is not a SHA-256 in hex`);
      const path = pathOf(hash);
      let bytes: Buffer;
      try {
        bytes = await readFile(path);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
      if (sha256(bytes) !== hash) {
        throw refuse(
          500,
          'BLOB_CORRUPT',
          `the file ${path} no longer holds what its name says.`,
          'Restore it from a copy, or delete it to lose that blob alone.',
        );
      }
      return new Uint8Array(bytes);
    },
  };
}
