/** What every blob store does, and refuses. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../core/hash.ts';
import type { Blobs } from '../../core/ports.ts';
import { fresh } from './fresh.ts';

export interface BlobsUnderTest {
  readonly blobs: Blobs;
  dispose(): Promise<void>;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function blobsContract(name: string, make: () => Promise<BlobsUnderTest>): void {
  describe(`the blobs, ${name}`, () => {
    let made: BlobsUnderTest;
    let blobs: Blobs;
    beforeAll(async () => {
      made = await make();
      blobs = made.blobs;
    });
    afterAll(() => made.dispose());

    test('bytes come back as they were, under their SHA-256', async () => {
      const every = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
      const hash = await blobs.put(every, 'application/octet-stream');
      expect(hash).toBe(sha256(every));
      expect(Buffer.from((await blobs.get(hash)) ?? []).equals(Buffer.from(every))).toBe(true);
    });

    test('the same bytes have the same name, also when they are put at once', async () => {
      const bytes = bytesOf(fresh('same'));
      const hashes = await Promise.all(Array.from({ length: 8 }, () => blobs.put(bytes, 'text/plain')));
      hashes.push(await blobs.put(bytes, 'text/html'));
      expect(new Set(hashes)).toEqual(new Set([sha256(bytes)]));
      expect(Buffer.from((await blobs.get(sha256(bytes))) ?? []).toString()).toBe(Buffer.from(bytes).toString());
    });

    test('a blob may be empty, or have megabytes', async () => {
      const empty = await blobs.put(new Uint8Array(), 'text/plain');
      expect((await blobs.get(empty))?.length).toBe(0);
      const large = bytesOf(fresh('large').repeat(200_000));
      expect((await blobs.get(await blobs.put(large, 'text/plain')))?.length).toBe(large.length);
    });

    test('a blob that nobody put is absent', async () => {
      expect(await blobs.get(sha256(fresh('absent')))).toBeUndefined();
    });

    test('what the caller does with its bytes afterwards changes nothing', async () => {
      const bytes = bytesOf(fresh('mine'));
      const hash = sha256(bytes);
      const putting = blobs.put(bytes, 'text/plain');
      bytes.fill(0);
      expect(await putting).toBe(hash);
      expect(sha256((await blobs.get(hash)) ?? '')).toBe(hash);
    });

    test.each(['', 'abc', '../../etc/passwd', 'F'.repeat(64), `${'0'.repeat(64)}/`])(
      'the name %j is refused',
      async (bad) => {
        await expect(blobs.get(bad)).rejects.toMatchObject({ name: 'PortRefused' });
      },
    );
  });
}
