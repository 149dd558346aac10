import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeApp } from '../../../lambdas/api/app.ts';
import { makeDirectoryBlobs } from '../../../local/blobs.ts';
import { openWorld, type World } from '../refinery/world.ts';

/** The API over a queue that a real Refinery works. */
describe('the merge queue through the API', () => {
  let world: World;
  let dir: string;
  let bugs: unknown[];
  let app: ReturnType<typeof makeApp>;

  beforeEach(async () => {
    world = await openWorld();
    dir = mkdtempSync(join(tmpdir(), 'gastown-queue-'));
    bugs = [];
    app = makeApp(
      { ...world.plain, repo: world.deps.repo, codeHost: world.deps.codeHost, blobs: makeDirectoryBlobs(dir) },
      {
        authenticate: () => ({ name: 'ada' }),
        hostNames: ['127.0.0.1'],
        localRemotes: true,
        webhookSecrets: async () => [],
        fleet: { polecatsMax: 8 },
        onBug: (error) => bugs.push(error),
        onSuperseded: () => {},
      },
    );
    world.hooks.gate = () => 'silent';
  });
  afterEach(async () => {
    expect(bugs).toEqual([]);
    await world.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = async (path: string, body?: object) => {
    const response = await app.request(`http://127.0.0.1/v1/${path}`, {
      headers: { 'content-type': 'application/json', host: '127.0.0.1' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) };
  };
  const failed = async () => {
    const running = (await world.candidates()).find(({ state }) => state === 'running');
    const { id = '', gateRun = 0, commit = '' } = running ?? {};
    const gates = [{ name: 'test', exitCode: 3, ms: 5, detail: '' }];
    await world.verdict({ candidate: id, gateRun }, { commit, result: 'failed', gates, evidence: 'e'.repeat(64) });
    await world.run();
  };

  test('shows runs, slots and chains, and never the hash of a token or the id of a task', async () => {
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const { status, text, body } = await ask('rigs/green/queue');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      slots: { total: 4, used: 1 },
      candidates: [{ state: 'running', chain: '1', about: expect.stringContaining('gr-abc123-1 on main at ') }],
      chains: [{ beads: ['gr-abc123-1'], failures: [] }],
      open: [{ bead: 'gr-abc123-1', state: 'testing', position: 1, overtaken: 0 }],
    });
    expect(text).not.toMatch(/tokenHash|taskId/);
  });

  test('tells of one change what failed with it and how likely it is to blame; a suspect says so wherever it is asked for', async () => {
    await world.submit(1, { broken: 'x' });
    await world.run();
    await failed();
    const { body } = await ask('beads/gr-abc123-1/merge-request');
    expect(body).toMatchObject({
      state: 'suspect',
      rig: 'green',
      evidence: 'e'.repeat(64),
      place: { position: 1, of: 1 },
      failures: [{ with: [], evidence: 'e'.repeat(64) }],
      todo: ['gt mq log gr-abc123-1'],
    });
    expect(body.blame).toBeGreaterThan(0.5);
    expect((await ask('rigs/green/queue')).body.open).toMatchObject([{ state: 'suspect', blame: body.blame }]);
    expect((await ask('why/gr-abc123-1')).body.reasons).toEqual(
      expect.arrayContaining([expect.objectContaining({ status: 'suspect', todo: 'gt mq why gr-abc123-1' })]),
    );
  });

  test('refuses a target that nothing lands on, a bead without a change, and one whose change has left the queue', async () => {
    expect(await ask('rigs/green/queue?target=mian')).toMatchObject({
      status: 404,
      body: { code: 'TARGET_UNKNOWN', detail: expect.stringContaining('Did you mean "main"?') },
    });
    expect((await ask('rigs/green/queue/pause?target=mian', { because: 'x' })).body.code).toBe('TARGET_UNKNOWN');
    expect((await ask('beads/gr-abc123-9/merge-request')).body.code).toBe('BEAD_UNKNOWN');
    world.hooks.gate = () => ({});
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    expect((await ask('beads/gr-abc123-1/merge-request')).body).toMatchObject({ state: 'landed' });
    for (const [verb, body] of [
      ['retry', {}],
      ['reject', { because: 'x' }],
    ] as const)
      expect((await ask(`beads/gr-abc123-1/merge-request/${verb}`, body)).body.code).toBe('MERGE_REQUEST_ENDED');
  });
});
