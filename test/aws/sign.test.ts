import { expect, test } from '@jest/globals';
import { bearer, sigV4 } from '../../aws/sign.ts';

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
