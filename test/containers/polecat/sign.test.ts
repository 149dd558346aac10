import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { roleCredentials } from '../../../containers/polecat/role.ts';
import { bearer, sigV4 } from '../../../containers/polecat/sign.ts';

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

test('the role’s credentials are kept until shortly before they end, then fetched again', async () => {
  let asked = 0;
  let livesMs = 60 * 60_000;
  const server = createServer((_, response) => {
    asked += 1;
    const Expiration = new Date(Date.now() + livesMs).toISOString();
    response.end(JSON.stringify({ AccessKeyId: `A${asked}`, SecretAccessKey: 'S', Token: 'T', Expiration }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const lasting = roleCredentials('/v2/credentials/x', host);
    await lasting();
    expect(await lasting()).toEqual({ accessKeyId: 'A1', secretAccessKey: 'S', sessionToken: 'T' });
    livesMs = 60_000;
    const ending = roleCredentials('/v2/credentials/x', host);
    await ending();
    expect((await ending()).accessKeyId).toBe('A3');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
