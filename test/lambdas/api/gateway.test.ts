import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { keys } from '../../../core/keys.ts';
import type { Json } from '../../../core/ports.ts';
import { create } from '../../../core/step.ts';
import { makeHandler } from '../../../lambdas/api/gateway.ts';
import { openTown, type TestTown } from './fixture.ts';
import { assumedRole, person, task, taskRole, through, user } from './gateway-events.ts';

const bead = 'gh-abc234-1';
const polecat = (attempt: number) => ({ kind: 'polecat', bead, attempt });
const gate = (gateRun: number) => ({ kind: 'gate', rig: 'greenhouse', target: 'main', candidate: 'c1', gateRun });
const beatOf = (subject: object) => ({
  subject,
  state: 'working',
  step: '',
  costUsd: 0,
  outputBytes: 0,
  tail: '',
  logChunks: [],
});

let town: TestTown;
let ask: ReturnType<typeof through>;
const warned: Json[] = [];
const credentials = new Map([['greenhouse', { username: 'x-access-token', password: 'a-password' }]]);

beforeAll(async () => {
  town = await openTown();
  const handler = makeHandler({
    ...town.deps,
    codeHost: { ...town.deps.codeHost, gitCredential: async ({ rig }) => credentials.get(rig) },
    webhookSecrets: async () => [],
    fleet: { polecatsMax: 32 },
    taskRoleName: taskRole,
    log: (_, __, fields = {}) => void warned.push(fields),
  });
  ask = through(handler);
  const rig = { name: 'greenhouse', prefix: 'gh', url: 'https://example.com/greenhouse.git', defaultBranch: 'main' };
  const working = { id: bead, attempt: 2, polecat: 'Toast', status: 'in_progress', rig: 'greenhouse' };
  await town.deps.ledger.commit({
    id: 'setup',
    changes: [
      create(keys.rig('greenhouse'), { ...rig, settings: {}, addedAt: 0 }),
      create(keys.rigListing('greenhouse'), { name: 'greenhouse' }),
      create(keys.bead(bead), working),
      create(keys.polecat('Toast'), { name: 'Toast', rig: 'greenhouse', bead, attempt: 2, taskId: 'task-a' }),
      create(keys.beat('Toast'), { bead, attempt: 2 }),
      create(keys.candidate('greenhouse', 'main', 'c1'), { id: 'c1', state: 'running', gateRun: 3, taskId: 'task-g' }),
    ],
  });
});
afterAll(() => town.close());

/** Whom a change of the town is put down to. */
async function named(authorizer: Parameters<typeof ask>[2]): Promise<string> {
  expect(await ask('POST', '/v1/estop', { ...authorizer, body: { because: 'a test' } })).toMatchObject({ status: 200 });
  const { body } = await ask('GET', '/v1/status', authorizer);
  await ask('POST', '/v1/thaw', authorizer);
  return body.estop.by;
}

describe('people’s routes', () => {
  test('let nobody in whom no authorizer proved', async () => {
    expect(await ask('GET', '/v1/status')).toMatchObject({ status: 401, body: { code: 'CALLER_UNKNOWN' } });
  });

  test('know a user, a role and the holder of a token by what the authorizer found', async () => {
    expect(await named({ authorizer: user('ann') })).toBe('user/ann');
    expect(await named({ authorizer: assumedRole('Deploy', 'ci') })).toBe('assumed-role/Deploy/ci');
    expect(await named({ authorizer: person('00u1') })).toBe('jwt/00u1');
  });

  test('are closed to a task, however it was let in', async () => {
    for (const path of ['/v1/status', '/v1/rigs', `/v1/beads/${bead}`, '/v1/polecats', '/v1/polecat'])
      expect(await ask('GET', path, { authorizer: task('task-a') })).toMatchObject({
        status: 403,
        body: { code: 'CALLER_IS_A_TASK' },
      });
  });

  test('read no identity from a header', async () => {
    const claims = JSON.stringify({ iam: { userArn: 'arn:aws:iam::123456789012:user/root' } });
    const headers = {
      authorization: `Bearer ${'f'.repeat(64)}`,
      'x-amzn-request-context': claims,
      'x-amz-user-arn': 'arn:aws:iam::123456789012:user/root',
      'x-forwarded-user': 'root',
      'x-amzn-oidc-identity': 'root',
    };
    expect(await ask('GET', '/v1/status', { headers })).toMatchObject({ status: 401 });
    expect(await named({ authorizer: user('ann'), headers })).toBe('user/ann');
    expect((await ask('GET', '/v1/status', { authorizer: task('task-a'), headers })).status).toBe(403);
  });

  test('are not reached around their authorizer, by a path that means another', async () => {
    for (const path of ['/v1/webhooks/../status', '/v1/webhooks/github/../../status', '/v1/health/../status'])
      expect(await ask('GET', path)).toMatchObject({ status: 401, body: { code: 'CALLER_UNKNOWN' } });
  });
});

describe('the polecats’ routes', () => {
  const beat = (subject: object, authorizer?: Parameters<typeof ask>[2]) =>
    ask('POST', '/v1/polecat/beat', { ...authorizer, body: beatOf(subject) });
  const credential = (subject: object, authorizer?: Parameters<typeof ask>[2]) =>
    ask('POST', '/v1/polecat/credential', { ...authorizer, body: { subject } });
  const blob = (subject: object, authorizer?: Parameters<typeof ask>[2]) =>
    ask('PUT', '/v1/polecat/blobs', {
      ...authorizer,
      body: 'printed',
      headers: { 'content-type': 'application/octet-stream', 'gastown-subject': JSON.stringify(subject) },
    });
  const calls = [beat, credential, blob];

  test.each([
    ['nobody', undefined],
    ['a user of IAM', user('ann')],
    ['a role of IAM whose session bears the task’s id', assumedRole('Administrator', 'task-a')],
    ['the holder of a token', person('task-a')],
    ['the holder of a token that claims to be the task', person(`assumed-role/${taskRole}/task-a`)],
    ['another task', task('task-b')],
    ['the task of a gate', task('task-g')],
  ])('do not hear %s (401)', async (_, authorizer) => {
    for (const call of calls)
      expect(await call(polecat(2), { authorizer })).toMatchObject({
        status: 401,
        body: { code: 'ATTEMPT_UNAUTHORIZED' },
      });
    const report = {
      subject: polecat(2),
      status: 'completed',
      head: '1'.repeat(40),
      costUsd: 0,
      agentMs: 0,
      log: [],
      tail: '',
    };
    for (const [path, body] of [
      ['claim', { subject: polecat(2) }],
      ['report', report],
    ] as const)
      expect((await ask('POST', `/v1/polecat/${path}`, { authorizer, body })).status).toBe(401);
  });

  test('do not hear a bearer token, which is a laptop’s', async () => {
    const headers = { authorization: `Bearer ${'f'.repeat(64)}` };
    expect((await ask('POST', '/v1/polecat/beat', { headers, body: beatOf(polecat(2)) })).status).toBe(401);
  });

  test('hear the task that was launched for the attempt', async () => {
    const authorizer = task('task-a');
    expect((await beat(polecat(2), { authorizer })).body).toMatchObject({ superseded: false });
    expect((await credential(polecat(2), { authorizer })).body).toEqual({
      credential: { username: 'x-access-token', password: 'a-password' },
    });
    expect((await blob(polecat(2), { authorizer })).status).toBe(200);
  });

  test('give a task what its rig keeps for tasks, where there is such a thing, and nothing where git asks for nothing', async () => {
    const authorizer = task('task-g');
    const ofTasks = { username: 'x-access-token', password: 'of-tasks' };
    credentials.set('greenhouse/tasks', ofTasks);
    expect((await credential(gate(3), { authorizer })).body).toEqual({ credential: ofTasks });
    credentials.clear();
    expect((await credential(gate(3), { authorizer })).body).toEqual({ credential: null });
  });

  test('let a polecat’s task give no verdict, and a gate’s task no report', async () => {
    const verdict = { subject: gate(3), result: 'passed', commit: '1'.repeat(40), gates: [] };
    const asPolecat = await ask('POST', '/v1/polecat/verdict', { authorizer: task('task-a'), body: verdict });
    expect(asPolecat).toMatchObject({ status: 401, body: { code: 'ATTEMPT_UNAUTHORIZED' } });
    const own = { ...verdict, subject: polecat(2) };
    expect((await ask('POST', '/v1/polecat/verdict', { authorizer: task('task-a'), body: own })).status).toBe(400);
  });

  test('tell a task whose attempt or gate run is over that it is, and give it nothing', async () => {
    const authorizer = task('task-a');
    warned.length = 0;
    for (const subject of [polecat(1), gate(2)]) {
      expect((await beat(subject, { authorizer })).body).toEqual({ superseded: true });
      expect((await credential(subject, { authorizer })).body).toEqual({ superseded: true });
      expect((await blob(subject, { authorizer })).status).toBe(401);
    }
    expect(warned).toHaveLength(6);
  });

  test('tell nobody else whether an attempt is over', async () => {
    for (const authorizer of [undefined, user('ann'), person('ann')])
      expect((await beat(polecat(1), { authorizer })).status).toBe(401);
  });
});
