import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { credentialsUrl, roleCredentials } from '../../../containers/polecat/role.ts';

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
    const lasting = roleCredentials(`http://${host}/v2/credentials/x`);
    await lasting();
    expect(await lasting()).toEqual({ accessKeyId: 'A1', secretAccessKey: 'S', sessionToken: 'T' });
    livesMs = 60_000;
    const ending = roleCredentials(`http://${host}/v2/credentials/x`);
    await ending();
    expect((await ending()).accessKeyId).toBe('A3');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('the credentials are where ECS says, or on this machine; a whole URL that leads elsewhere is refused', () => {
  expect(credentialsUrl({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/x' })).toBe('http://169.254.170.2/v2/x');
  const here = 'http://127.0.0.1:4000/x';
  expect(credentialsUrl({ AWS_CONTAINER_CREDENTIALS_FULL_URI: here })).toBe(here);
  for (const elsewhere of ['http://127.0.0.1.example.com/x', 'https://example.com/x', ''])
    expect(() => credentialsUrl({ AWS_CONTAINER_CREDENTIALS_FULL_URI: elsewhere })).toThrow('ROLE_CREDENTIALS_MISSING');
});
