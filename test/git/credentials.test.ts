import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { makeGitRepo } from '../../git/repo.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(answer: (request: IncomingMessage) => { status: number; location?: string }) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const { status, location } = answer(request);
    response.writeHead(status, location ? { location } : {}).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const repo = makeGitRepo({
  cacheDir: join(tmpdir(), 'gastown-no-cache'),
  clock: { now: () => 0 },
  credential: async () => ({ username: 'x-access-token', password: 'hush' }),
});
const expected = `Basic ${Buffer.from('x-access-token:hush').toString('base64')}`;

describe('a credential', () => {
  test('goes along with the request to its remote, and into no error message', async () => {
    const host = await listen(() => ({ status: 403 }));
    const error = await repo
      .readRef({ rig: 'green', url: `${host.url}/repo.git` }, 'refs/heads/main')
      .catch((e: unknown) => e);
    expect(host.seen[0]?.headers.authorization).toBe(expected);
    expect(String(error)).toMatch(/^RepoUnreachable/);
    expect(String(error)).not.toContain('hush');
    expect(String(error)).not.toContain(expected);
  });

  test('is not carried to another host by a redirect', async () => {
    const other = await listen(() => ({ status: 404 }));
    const host = await listen((request) => ({ status: 302, location: `${other.url}${request.url ?? ''}` }));
    await expect(repo.readRef({ rig: 'green', url: `${host.url}/repo.git` }, 'refs/heads/main')).rejects.toMatchObject({
      name: 'RepoUnreachable',
    });
    expect(host.seen.length).toBeGreaterThan(0);
    expect(other.seen).toHaveLength(0);
  });

  test('a remote that asks for one when there is none is unreachable at once, without a prompt', async () => {
    const bare = makeGitRepo({ cacheDir: join(tmpdir(), 'gastown-no-cache'), clock: { now: () => 0 } });
    const host = await listen(() => ({ status: 401 }));
    await expect(bare.readRef({ rig: 'green', url: `${host.url}/repo.git` }, 'refs/heads/main')).rejects.toMatchObject({
      name: 'RepoUnreachable',
    });
    expect(host.seen[0]?.headers.authorization).toBeUndefined();
  });
});
