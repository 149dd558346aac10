/** Blobs in S3, each under the hash of its bytes. */
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { PortRefused } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { Blobs } from '../core/ports.ts';
import { answerOf, nameOf } from './errors.ts';

export interface BlobsConfig {
  readonly bucket: string;
  /** Stands before each hash: `blobs/`. */
  readonly prefix: string;
}

const hashPattern = /^[0-9a-f]{64}$/;

export const makeBlobs = (client: S3Client, { bucket, prefix }: BlobsConfig): Blobs => ({
  /** One conditional put: S3 stores the bytes only if they are new, without a question before. */
  async put(bytes, contentType) {
    // The SDK reads the body later, and again for a repeat: by then the caller may have changed it.
    const body = bytes.slice();
    const hash = sha256(body);
    const input = { Bucket: bucket, Key: `${prefix}${hash}`, Body: body, ContentType: contentType };
    const put = (condition: { IfNoneMatch?: '*' }) =>
      answerOf(`put blob ${hash}`, client.send(new PutObjectCommand({ ...input, ...condition })));
    try {
      await put({ IfNoneMatch: '*' });
    } catch (error) {
      // Someone else is putting the same bytes at this moment, and may fail: theirs or ours, it is all one.
      if (nameOf(error) === 'ConditionalRequestConflict') await put({});
      else if (nameOf(error) !== 'PreconditionFailed') throw error;
    }
    return hash;
  },
  async get(hash) {
    if (!hashPattern.test(hash))
      throw new PortRefused('BAD_HASH', `${JSON.stringify(hash.slice(0, 80))} is not a SHA-256 in hex`);
    const what = `get blob ${hash}`;
    try {
      const { Body } = await answerOf(
        what,
        client.send(new GetObjectCommand({ Bucket: bucket, Key: `${prefix}${hash}` })),
      );
      if (!Body) throw new Error(`BUG: ${what}: an answer without a body`);
      return await answerOf(what, Body.transformToByteArray());
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  },
});
