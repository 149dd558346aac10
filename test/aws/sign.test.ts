import { expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { bearer, sigV4 } from '../../aws/sign.ts';
import { Sha256 } from './sha256.ts';

test('a signature is the one of AWS’s own worked example', async () => {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, "ListUsers", 30 August 2015
  const signer = sigV4({
    region: 'us-east-1',
    service: 'iam',
    credentials: () =>
      Promise.resolve({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }),
    now: () => new Date('2015-08-30T12:36:00Z'),
  });
  const headers = await signer.sign({
    method: 'GET',
    url: new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08'),
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new Uint8Array(),
  });
  expect(headers).toEqual({
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, ' +
      'SignedHeaders=content-type;host;x-amz-date, ' +
      'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  });
});

const path = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.constantFrom('%2F', 'a b', '$default', '*')))
  .map((parts) => `/${parts.map(encodeURIComponent).join('/')}`);
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PATCH', 'PUT'),
  path,
  query: fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.string({ unit: 'grapheme', maxLength: 6 }), {
    noNullPrototype: true,
  }),
  body: fc.string({ unit: 'grapheme' }),
  sessionToken: fc.option(fc.base64String({ minLength: 4 }), { nil: undefined }),
});

test('whatever the path, query, body and session, the signature is the one that AWS’s own SDK makes', async () => {
  const date = new Date('2026-11-23T05:06:07Z');
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, body, sessionToken }) => {
      const identity = { accessKeyId: 'AKID', secretAccessKey: 'secret', ...(sessionToken ? { sessionToken } : {}) };
      const scope = { region: 'eu-west-1', service: 'execute-api' };
      const url = new URL(`https://abc.execute-api.eu-west-1.amazonaws.com${path}`);
      for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'a  b' };
      const peer = new SignatureV4({ ...scope, credentials: identity, sha256: Sha256, applyChecksum: false });
      const theirs = await peer.sign(
        {
          method,
          protocol: 'https:',
          hostname: url.hostname,
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          headers: { ...headers, host: url.host },
          body,
        },
        { signingDate: date },
      );
      const signer = sigV4({ ...scope, credentials: () => Promise.resolve(identity), now: () => date });
      const ours = await signer.sign({ method, url, headers, body: Buffer.from(body) });
      expect(ours.authorization).toBe(theirs.headers.authorization);
      expect(ours['x-amz-security-token']).toBe(theirs.headers['x-amz-security-token']);
    }),
    // A name sorts before the longer one although "=" comes after "-"; slashes in a row count as one.
    {
      examples: [[{ method: 'GET', path: '/v1//why', query: { a: '1', 'a-b': '+ é' }, body: '', sessionToken: 'T' }]],
    },
  );
});

test('the role’s session token is sent and signed', async () => {
  const signer = sigV4({
    region: 'eu-west-1',
    service: 'execute-api',
    credentials: () => Promise.resolve({ accessKeyId: 'A', secretAccessKey: 'S', sessionToken: 'T' }),
    now: () => new Date(0),
  });
  const headers = await signer.sign({
    method: 'POST',
    url: new URL('https://x.example/v1/polecat/beat'),
    headers: {},
    body: Buffer.from('{}'),
  });
  expect(headers['x-amz-security-token']).toBe('T');
  expect(headers.authorization).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
});

test('on a laptop the token is enough', async () => {
  const headers = await bearer('abc').sign({
    method: 'GET',
    url: new URL('http://x'),
    headers: {},
    body: new Uint8Array(),
  });
  expect(headers).toEqual({ authorization: 'Bearer abc' });
});
