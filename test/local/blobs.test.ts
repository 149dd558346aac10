import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../core/hash.ts';
import { makeDirectoryBlobs } from '../../local/blobs.ts';
import { blobsContract } from '../contract/blobs-contract.ts';

blobsContract('in a directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'blobs-'));
  return { blobs: makeDirectoryBlobs(join(directory, 'new')), dispose: () => rm(directory, { recursive: true }) };
});

describe('a directory of blobs', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'blobs-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const bytes = new TextEncoder().encode('evidence');
  const hash = sha256(bytes);
  const path = (): string => join(directory, hash.slice(0, 2), hash.slice(2));

  test('a blob is one file, named by its hash, and putting it again does not touch it', async () => {
    const blobs = makeDirectoryBlobs(directory);
    await blobs.put(bytes, 'text/plain');
    const before = await stat(path());
    await blobs.put(bytes, 'text/plain');
    expect((await stat(path())).ino).toBe(before.ino);
    expect(await readdir(join(directory, hash.slice(0, 2)))).toEqual([hash.slice(2)]);
  });

  test('a file that no longer holds what its name says is an error, never an answer', async () => {
    const blobs = makeDirectoryBlobs(directory);
    await blobs.put(bytes, 'text/plain');
    await writeFile(path(), 'Evidence');
    await expect(blobs.get(hash)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
  });

  test('putting a blob again mends a file that was cut short', async () => {
    const blobs = makeDirectoryBlobs(directory);
    await blobs.put(bytes, 'text/plain');
    await truncate(path(), 3);
    await blobs.put(bytes, 'text/plain');
    expect(await blobs.get(hash)).toEqual(bytes);
  });

  test('a directory that cannot be written is an error, and leaves nothing behind', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(makeDirectoryBlobs(join(directory, 'file')).put(bytes, 'text/plain')).rejects.toThrow('ENOTDIR');
    expect(await readdir(directory)).toEqual(['file']);
  });
});
