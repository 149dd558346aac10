import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { saveBead } from '../../../core/convoys/save-bead.ts';
import { sha256 } from '../../../core/hash.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Polecat } from '../../../core/polecats/polecat.ts';
import type { Candidate } from '../../../core/refinery/records.ts';
import { create, recordOf } from '../../../core/step.ts';
import { makeTestRig, type TestRig } from '../../git/rig.ts';
import { intentText, openTown, type TestTown } from './fixture.ts';

const secret = 'a'.repeat(64);
const subjectHeader = 'gastown-subject';
let town: TestTown;
let rig: TestRig;
let bead: string;

/** A bead on the hook of Toast, as the fleet commits it before it launches the task. */
async function hook(id: string): Promise<void> {
  const { ledger, clock, ids } = town.deps;
  const was = recordOf<Bead>(await ledger.get(keys.bead(id)));
  if (!was) throw new Error(`no bead ${id}`);
  const now = clock.now();
  const branch = `polecat/Toast/${id}@1`;
  const hooked: Bead = { ...was.body, status: 'hooked', attempt: 1, polecat: 'Toast', branch, hookedAt: now };
  const polecat: Polecat = {
    name: 'Toast',
    rig: 'green',
    bead: id,
    attempt: 1,
    branch,
    tokenHash: sha256(secret),
    hookedAt: now,
    nudges: 0,
  };
  const beat = {
    bead: id,
    attempt: 1,
    at: now,
    state: 'starting',
    step: '',
    costUsd: 0,
    outputBytes: 0,
    activeAt: now,
    tail: '',
    logChunks: [],
  };
  const changes = [
    saveBead(was, hooked, now),
    create(keys.polecat('Toast'), polecat),
    create(keys.polecatListing('Toast'), { name: 'Toast' }),
    create(keys.beat('Toast'), beat),
  ];
  expect(await ledger.commit({ id: ids.ulid(), changes })).toEqual({ ok: true });
}

beforeAll(async () => {
  town = await openTown();
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'hello' });
  await town.ask('POST', '/v1/rigs', { body: { name: 'green', url: rig.remote.url } });
  const { convoy } = (await town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'green' } })).body;
  await town.plan(convoy.id);
  bead = (await town.ask('GET', `/v1/convoys/${convoy.id}`)).body.beads[0].id;
  await hook(bead);
});
afterAll(async () => {
  expect(town.bugs).toEqual([]);
  await town.close();
  rig.remove();
});

const as = (token: string, more: Record<string, string> = {}) => ({ authorization: `Bearer ${token}`, ...more });
const subject = (attempt = 1) => ({ kind: 'polecat', bead, attempt });
const beatOf = (attempt = 1) => ({
  subject: subject(attempt),
  state: 'working',
  step: 'npm test',
  costUsd: 0.25,
  outputBytes: 10,
  tail: 'ok 1',
  logChunks: [] as string[],
});

describe('a task', () => {
  test.each([
    ['the overseer’s token', 'f'.repeat(64)],
    ['another attempt’s token', 'b'.repeat(64)],
    ['no secret at all', ''],
  ])('with %s speaks for nobody (401)', async (_, token) => {
    const answer = await town.ask('POST', '/v1/polecat/claim', { body: { subject: subject() }, headers: as(token) });
    expect(answer).toMatchObject({ status: 401, body: { code: 'ATTEMPT_UNAUTHORIZED' } });
  });

  test('cannot use its token for anything else (401)', async () => {
    for (const path of ['/v1/status', '/v1/rigs', `/v1/beads/${bead}`]) {
      expect((await town.ask('GET', path, { headers: as(secret) })).status).toBe(401);
    }
  });

  test('cannot speak for an attempt to come, or a bead that is not there (401)', async () => {
    const later = await town.ask('POST', '/v1/polecat/beat', { body: beatOf(2), headers: as(secret) });
    expect(later.status).toBe(401);
    const body = { subject: { kind: 'polecat', bead: 'gr-zzzzzz-1', attempt: 1 } };
    expect((await town.ask('POST', '/v1/polecat/claim', { body, headers: as(secret) })).status).toBe(401);
  });

  test('gets its job, beats, and is shown with what it does', async () => {
    const claim = await town.ask('POST', '/v1/polecat/claim', { body: { subject: subject() }, headers: as(secret) });
    expect(claim.body).toMatchObject({
      kind: 'polecat',
      bead,
      attempt: 1,
      polecat: 'Toast',
      script: 'echo hello > greet.txt\n',
    });
    const beat = await town.ask('POST', '/v1/polecat/beat', { body: beatOf(), headers: as(secret) });
    expect(beat.body).toEqual({ superseded: false, stop: null, nudge: null });
    const { polecats } = (await town.ask('GET', '/v1/polecats')).body;
    expect(polecats).toEqual([
      expect.objectContaining({ name: 'Toast', bead, state: 'working', step: 'npm test', costUsd: 0.25 }),
    ]);
    const { reasons } = (await town.ask('GET', '/v1/why/Toast')).body;
    expect(reasons[0].because).toContain('npm test');
  });

  test('hears a nudge with its next beat', async () => {
    await town.ask('POST', '/v1/polecats/Toast/nudge', { body: { text: 'hurry' } });
    const beat = await town.ask('POST', '/v1/polecat/beat', { body: beatOf(), headers: as(secret) });
    expect(beat.body.nudge).toBe('hurry');
  });

  test('puts its log as blobs, which its log then shows', async () => {
    const headers = as(secret, {
      'content-type': 'application/octet-stream',
      [subjectHeader]: JSON.stringify(subject()),
    });
    const put = await town.ask('PUT', '/v1/polecat/blobs', { raw: 'all the output', headers });
    expect(put.body.hash).toBe(sha256('all the output'));
    await town.ask('POST', '/v1/polecat/beat', {
      body: { ...beatOf(), logChunks: [put.body.hash] },
      headers: as(secret),
    });
    expect((await town.ask('GET', '/v1/polecats/Toast/log')).body.text).toBe('all the output');
  });

  test('cannot put a blob for nobody, for another, as JSON, or of more than the limit', async () => {
    const type = { 'content-type': 'application/octet-stream' };
    const mine = { [subjectHeader]: JSON.stringify(subject()) };
    const put = (raw: string, headers: Record<string, string>) =>
      town.ask('PUT', '/v1/polecat/blobs', { raw, headers });
    expect((await put('x', as(secret, type))).status).toBe(400);
    expect(await put('x', as(secret, { ...type, [subjectHeader]: '{' }))).toMatchObject({
      body: { code: 'SUBJECT_INVALID' },
    });
    expect((await put('x', as('b'.repeat(64), { ...type, ...mine }))).status).toBe(401);
    expect((await put('x', as(secret, { ...mine, 'content-type': 'application/json' }))).status).toBe(415);
    const large = 'x'.repeat(limits.evidenceBytesMax + 1);
    expect(await put(large, as(secret, { ...type, ...mine }))).toMatchObject({
      status: 413,
      body: { code: 'BODY_TOO_LARGE' },
    });
  });

  test('that is a polecat cannot give a verdict, nor a gate a report (400)', async () => {
    const verdict = { subject: subject(), result: 'passed', commit: '0'.repeat(40), gates: [] };
    expect(await town.ask('POST', '/v1/polecat/verdict', { body: verdict, headers: as(secret) })).toMatchObject({
      status: 400,
      body: { code: 'SUBJECT_KIND' },
    });
  });

  test('reports once; after that, whatever it sends is superseded, and recorded', async () => {
    const report = {
      status: 'completed',
      subject: subject(),
      head: '1'.repeat(40),
      costUsd: 1,
      agentMs: 5,
      log: [],
      tail: '',
    };
    const send = () => town.ask('POST', '/v1/polecat/report', { body: report, headers: as(secret) });
    expect((await send()).body).toEqual({ accepted: true });
    expect((await send()).body).toEqual({ superseded: true });
    const beat = await town.ask('POST', '/v1/polecat/beat', { body: beatOf(), headers: as(secret) });
    expect(beat.body).toEqual({ superseded: true });
    expect(town.late).toEqual([subject(), subject()]);
    expect((await town.ask('GET', '/v1/polecats')).body.polecats).toEqual([]);
  });
});

describe('a gate task', () => {
  const gate = (gateRun: number) => ({ kind: 'gate', rig: 'green', target: 'main', candidate: 'c1', gateRun });

  test('speaks for its own run of its candidate only', async () => {
    const candidate: Candidate = {
      id: 'c1',
      base: '0'.repeat(40),
      strategy: 'squash',
      members: [],
      ref: 'refs/gastown/green/c1',
      state: 'running',
      because: 'Its gates run.',
      gateRun: 2,
      tokenHash: sha256(secret),
      infraFailures: 0,
      gateMs: 0,
      createdAt: 1,
    } as never;
    const { ledger, ids } = town.deps;
    await ledger.commit({ id: ids.ulid(), changes: [create(keys.candidate('green', 'main', 'c1'), candidate)] });
    const beat = (run: number, token: string) =>
      town.ask('POST', '/v1/polecat/beat', { body: { ...beatOf(), subject: gate(run) }, headers: as(token) });
    expect((await beat(2, secret)).body).toEqual({ superseded: false, stop: null, nudge: null });
    expect((await beat(2, 'b'.repeat(64))).status).toBe(401);
    expect((await beat(3, secret)).status).toBe(401);
    expect((await beat(1, secret)).body).toEqual({ superseded: true });
    const { reasons } = (await town.ask('GET', '/v1/why/c1')).body;
    expect(reasons[0]).toMatchObject({ about: 'candidate c1', status: 'running' });
  });
});
