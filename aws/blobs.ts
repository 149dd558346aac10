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
    const hash = sha256(bytes);
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: `${prefix}${hash}`,
      Body: bytes,
      ContentType: contentType,
      IfNoneMatch: '*',
    });
    try {
      await answerOf(`put blob ${hash}`, client.send(command));
    } catch (error) {
      if (nameOf(error) !== 'PreconditionFailed') throw error;
    }
    return hash;
  },
  async get(hash) {
    if (!hashPattern.test(hash))
      throw new PortRefused('HASH_INVALID', `${JSON.stringify(hash)} is not a SHA-256 in hex`);
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
