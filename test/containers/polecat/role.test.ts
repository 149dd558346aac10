import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { roleCredentials } from '../../../containers/polecat/role.ts';

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
