/** A repository that wants a credential, and a town on a laptop that was given one in a file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { keys } from '../../core/keys.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { recordOf, replace } from '../../core/step.ts';
import { startTown } from '../../local/town.ts';
import { serveGit } from '../git/http-backend.ts';
import { makeTestRig } from '../git/rig.ts';
import { makeClient } from './api-client.ts';
import { task } from './stage.ts';
import { pause } from './town-process.ts';

jest.setTimeout(120_000);

test('polecats, gates and the Refinery reach a private remote with the credential in the file of its rig', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gastown-private-'));
  const rig = makeTestRig('private');
  rig.commit('main', { 'README.md': 'private' });
  const basic = `Basic ${Buffer.from('x-access-token:a-token').toString('base64')}`;
  const asked = { well: 0, badly: 0, pushes: 0 };
  const server = createServer((request, response) => {
    if (request.headers.authorization !== basic) {
      asked.badly += 1;
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="rig"' }).end();
    }
    asked.well += 1;
    if (request.url?.endsWith('/git-receive-pack')) asked.pushes += 1;
    void serveGit(dirname(rig.remote.url), request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${basename(rig.remote.url)}`;
  mkdirSync(join(dir, 'git-credentials'));
  writeFileSync(join(dir, 'git-credentials/private'), 'a-token\n', { mode: 0o600 });
  const town = await startTown({ dir, sync: false, print: () => {}, log: () => {} });
  try {
    const api = makeClient(town.url, town.token);
    await api.must('POST', '/v1/rigs', { name: 'private', url: rig.remote.url });
    await api.must('PATCH', '/v1/rigs/private/config', { 'refinery.gates.test': 'test -f new.txt' });
    // The API takes https alone; this host speaks HTTP, on loopback.
    const was = recordOf<Rig>(await town.ports.ledger.get(keys.rig('private')));
    if (!was) throw new Error('no such rig');
    await town.ports.ledger.commit({ id: 'private', changes: [replace(was, { ...was.body, url })] });
    const convoy = await api.submit('private', `# Private\n\n${task('new', 'echo new > new.txt')}`, 'private');
    let status = '';
    for (; !['landed', 'stalled'].includes(status); await pause(100)) status = (await api.convoy(convoy)).status;
    expect(status).toBe('landed');
    expect(rig.show('main', 'new.txt')).toBe('new');
    expect(asked.badly).toBe(0);
    expect(asked.pushes).toBeGreaterThanOrEqual(2);
  } finally {
    await town.close();
    server.closeAllConnections();
    server.close();
    rig.remove();
    rmSync(dir, { recursive: true, force: true });
  }
});
