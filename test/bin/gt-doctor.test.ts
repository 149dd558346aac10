import { execFileSync } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '../../bin/gt/client.ts';
import { rigs } from '../../bin/gt/doctor/rigs.ts';
import { town as examineTown } from '../../bin/gt/doctor/town.ts';
import { keys, partitions } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Json } from '../../core/ports.ts';
import { makeTestRig, type TestRig } from '../git/rig.ts';
import { openTown, type TestTown, token } from '../lambdas/api/fixture.ts';

let town: TestTown;
let rig: TestRig;
let server: ReturnType<typeof serve>;
let client: Client;

beforeAll(async () => {
  town = await openTown();
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'hello' });
  server = serve({ fetch: town.app.fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise<void>((resolve) => server.once('listening', () => resolve()));
  client = new Client({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token });
});
afterAll(async () => {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  await town.close();
  rig.remove();
});

const finding = async (check: string, of: () => Promise<readonly { check: string }[]>) =>
  (await of()).find((one) => one.check === check);
const ofTown = (check: string) => finding(check, () => examineTown(client));
const ofRigs = (check: string) => finding(check, () => rigs(client));

async function put(key: { pk: string; sk: string }, body: Json): Promise<void> {
  await town.deps.ledger.commit({
    id: town.deps.ids.ulid(),
    changes: [{ put: { ...key, body }, expect: { any: true } }],
  });
}

describe('the doctor finds', () => {
  test('a Witness that has not noticed a polecat that is silent for too long', async () => {
    const at = town.deps.clock.now() - limits.heartbeatLateMs - limits.nudgeAnswerMs - limits.witnessSilentMs;
    const of = { bead: 'gr-x-1', attempt: 1 };
    const polecat = { ...of, name: 'Nux', rig: 'green', branch: 'b', tokenHash: 'h', hookedAt: at, nudges: 0 };
    const beat = {
      ...of,
      state: 'working',
      step: 'agent',
      costUsd: 0,
      outputBytes: 0,
      activeAt: at,
      tail: '',
      logChunks: [],
    };
    await put({ pk: partitions.alivePolecats, sk: 'Nux' }, {});
    await put(keys.polecat('Nux'), polecat);
    await put(keys.beat('Nux'), { ...beat, at: at + 60_000 });
    expect(await ofTown('witness')).toMatchObject({ state: 'ok' });
    await put(keys.beat('Nux'), { ...beat, at: at - 60_000 });
    expect(await ofTown('witness')).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(/^Nux has been silent for 14m/),
      remedy: expect.stringContaining('docs/runbooks/witness.md'),
    });
    await put(keys.beat('Nux'), { ...beat, at: at - 60_000, state: 'stuck' });
    expect(await ofTown('witness')).toMatchObject({ state: 'ok' });
  });

  test('a town that was stopped, and by whom', async () => {
    await town.ask('POST', '/v1/estop', { body: { because: 'fire' } });
    expect(await ofTown('running')).toMatchObject({ state: 'warn', found: expect.stringMatching(/ada .* ago: fire/) });
    await town.ask('POST', '/v1/thaw');
    expect(await ofTown('running')).toMatchObject({ state: 'ok' });
  });

  test('a rig without gates, a paused queue, a branch that is gone, a remote that is gone', async () => {
    expect(await ofRigs('rigs')).toMatchObject({ state: 'warn', found: 'none' });
    await town.ask('POST', '/v1/rigs', { body: { name: 'green', url: rig.remote.url } });
    expect(await ofRigs('green: remote')).toMatchObject({ state: 'ok' });
    expect(await ofRigs('green: gates')).toMatchObject({
      state: 'fail',
      remedy: expect.stringContaining('gt rig config'),
    });
    rig.commit('next', { 'next.txt': 'x' });
    const patched = await town.ask('PATCH', '/v1/rigs/green/config', {
      body: { 'refinery.require_ci': true, 'refinery.target': 'next' },
    });
    expect(patched.status).toBe(200);
    expect(await ofRigs('green: gates')).toMatchObject({ state: 'ok', found: 'the host’s required checks' });
    execFileSync('git', ['-C', rig.remote.url, 'update-ref', '-d', 'refs/heads/next']);
    expect(await ofRigs('green: remote')).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('no branch next'),
    });
    await town.ask('POST', '/v1/rigs/green/queue/pause', { body: { because: 'release day' } });
    expect(await ofRigs('green: queue')).toMatchObject({ state: 'warn', remedy: 'gt mq resume green' });
    rig.remove();
    expect(await ofRigs('green: remote')).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(
        /not reachable from this machine .*; the town has not looked at it since it was added/,
      ),
    });
  });
});
