import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeBlobs } from '../../aws/blobs.ts';
import { sha256 } from '../../core/hash.ts';
import type { Blobs } from '../../core/ports.ts';
import { blobsContract } from '../contract/blobs-contract.ts';
import { fresh } from '../contract/fresh.ts';
import { endpointSettings, onAws } from './endpoint.ts';
import { type Answer, type FakeService, fakeService, ok } from './fake-service.ts';

onAws(() => {
  blobsContract('in S3', async () => {
    const client = new S3Client({ ...endpointSettings(), forcePathStyle: true });
    const Bucket = fresh('blobs');
    await client.send(new CreateBucketCommand({ Bucket }));
    return {
      blobs: makeBlobs(client, { bucket: Bucket, prefix: 'blobs/' }),
      async dispose() {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
        for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }));
        await client.send(new DeleteBucketCommand({ Bucket }));
        client.destroy();
      },
    };
  });
});

const xmlFault = (Code: string, status: number): Answer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${Code}</Code><Message>${Code} happened</Message></Error>`,
  headers: { 'content-type': 'application/xml' },
});

describe('the blobs’ use of S3', () => {
  const bytes = new TextEncoder().encode('a log');
  let service: FakeService;
  let client: S3Client;
  let blobs: Blobs;
  beforeAll(async () => {
    service = await fakeService();
    client = new S3Client(service.settings);
    blobs = makeBlobs(client, { bucket: 'town', prefix: 'blobs/' });
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  test('bytes are put under their hash, and only if they are new', async () => {
    service.willAnswer(ok(''));
    expect(await blobs.put(bytes, 'text/plain')).toBe(sha256(bytes));
    expect(service.seen).toHaveLength(1);
    expect(service.seen[0]).toMatchObject({
      method: 'PUT',
      path: expect.stringMatching(`^/town/blobs/${sha256(bytes)}`),
      headers: { 'if-none-match': '*', 'content-type': 'text/plain' },
    });
  });

  test('bytes that are there already are put', async () => {
    service.willAnswer(xmlFault('PreconditionFailed', 412));
    expect(await blobs.put(bytes, 'text/plain')).toBe(sha256(bytes));
  });

  test('bytes that someone else is putting at the same moment are put all the same', async () => {
    service.willAnswer(xmlFault('ConditionalRequestConflict', 409), ok(''));
    expect(await blobs.put(bytes, 'text/plain')).toBe(sha256(bytes));
    expect(service.seen.map(({ headers }) => headers['if-none-match'])).toEqual(['*', undefined]);
  });

  test.each([
    ['SlowDown', 503],
    ['InternalError', 500],
    ['RequestTimeout', 400],
  ])('%s is worth repeating', async (code, status) => {
    service.willAnswer(xmlFault(code, status));
    await expect(blobs.put(bytes, 'text/plain')).rejects.toMatchObject({ name: 'Unavailable' });
    await expect(blobs.get(sha256(bytes))).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test('only a missing key is absent: a missing right or bucket is an error', async () => {
    service.willAnswer(xmlFault('NoSuchKey', 404));
    expect(await blobs.get(sha256(bytes))).toBeUndefined();
    service.willAnswer(xmlFault('AccessDenied', 403));
    await expect(blobs.get(sha256(bytes))).rejects.toMatchObject({ name: 'AccessDenied' });
    service.willAnswer(xmlFault('NoSuchBucket', 404));
    await expect(blobs.get(sha256(bytes))).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});
