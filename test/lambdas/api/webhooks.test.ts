import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { EffectRecord } from '../../../core/effects.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Checks } from '../../../core/rigs/checks.ts';
import type { PullRecord } from '../../../core/rigs/pull-requests.ts';
import { create, recordOf } from '../../../core/step.ts';
import { makeHandler } from '../../../lambdas/api/gateway.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';
import { openTown, type TestTown } from './fixture.ts';
import { taskRole, through } from './gateway-events.ts';

const secret = 'a-webhook-secret-of-the-rig';
const older = 'the-secret-that-it-replaces';
const commit = '1'.repeat(40);
const start = Date.parse('2026-11-23T12:00:00Z');

let town: TestTown;
let ledger: LocalLedger;
let now = start;
let send: ReturnType<typeof through>;
const asked: string[] = [];
/** Wakes that were committed. */
const woken: string[] = [];

beforeAll(async () => {
  town = await openTown();
  ledger = await openLedger({ clock: { now: () => now } });
  ledger.onCommitted((items) => {
    for (const { body } of items) {
      const effect = (body as Partial<EffectRecord>).effect;
      if (effect?.do === 'wake') woken.push(effect.group);
    }
  });
  send = through(
    makeHandler({
      ...town.deps,
      ledger,
      clock: { ...town.deps.clock, now: () => now },
      webhookSecrets: async (rig) => {
        asked.push(rig);
        return rig === 'green' || rig === 'local' ? [older, secret] : [];
      },
      fleet: { polecatsMax: 32 },
      taskRoleName: taskRole,
      log: () => undefined,
    }),
  );
  const rig = (name: string, url: string) =>
    create(keys.rig(name), { name, prefix: 'gr', url, defaultBranch: 'main', settings: {}, addedAt: 0 });
  const changes = [
    rig('green', 'https://github.com/Octo/Green.git'),
    rig('bare', 'https://github.com/octo/bare'),
    rig('local', '/srv/green.git'),
    create(keys.target('green', 'release'), {}),
  ];
  await ledger.commit({ id: 'setup', changes });
});
afterAll(async () => {
  await ledger.close();
  await town.close();
});
afterEach(() => {
  now += 24 * 3600 * 1000;
  asked.length = 0;
  woken.length = 0;
});

const hmac = (text: string, key = secret) => `sha256=${createHmac('sha256', key).update(text).digest('hex')}`;
const repository = { full_name: 'octo/green' };
const iso = (ms: number) => new Date(ms).toISOString();

const github = (event: string, payload: unknown, more: { headers?: Record<string, string>; rig?: string } = {}) => {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const headers = {
    'x-github-event': event,
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'x-hub-signature-256': hmac(body),
    ...more.headers,
  };
  return send('POST', `/v1/webhooks/github/${more.rig ?? 'green'}`, { body, headers });
};
const status = (more: object = {}) => ({
  sha: commit,
  context: 'ci/build',
  state: 'success',
  target_url: 'https://ci.example/1',
  updated_at: iso(now),
  repository,
  ...more,
});
const run = (more: object = {}, run = {}) => ({
  action: 'completed',
  check_run: {
    name: 'test',
    head_sha: commit,
    status: 'completed',
    conclusion: 'success',
    html_url: 'https://github.com/octo/green/runs/1',
    started_at: iso(now - 60_000),
    completed_at: iso(now),
    ...run,
  },
  repository,
  ...more,
});
const checks = async (oid = commit, rig = 'green') =>
  recordOf<Checks>(await ledger.get(keys.checks(rig, oid)))?.body.reports ?? {};

describe('GitHub’s webhook of a pull request', () => {
  const pulled = (number: number, more: object = {}, head = repository.full_name) => ({
    action: 'closed',
    number,
    pull_request: {
      ...{ number, state: 'closed', merged: true, merged_at: iso(now), updated_at: iso(now), title: 'Fix' },
      head: { ref: 'fix', sha: commit, repo: { full_name: head } },
      ...more,
    },
    repository,
  });
  const told = async (name: string) =>
    recordOf<PullRecord>(await ledger.get(keys.pullRequest('green', name)))?.body.told;
  const reply = (late = false) => ({ status: 200, body: { heard: 'pull_request', repeated: false, late } });

  test('notes it under its number and its branch, and tells nobody else', async () => {
    const opened = pulled(70, { state: 'open', merged_at: null, updated_at: iso(now - 1000) });
    expect(await github('pull_request', opened)).toEqual(reply());
    expect(await told('70')).toMatchObject({ state: 'open' });
    expect(await github('pull_request', pulled(70))).toEqual(reply());
    const merged = { number: 70, state: 'merged', reportedAt: now };
    expect([await told('70'), await told('fix')]).toEqual([merged, merged]);
    expect(woken).toEqual([]);
  });

  test('takes nothing back by an event that comes late, or again', async () => {
    await github('pull_request', pulled(71));
    expect(await github('pull_request', pulled(71, { title: 'again' }))).toEqual(reply(true));
    const old = pulled(71, { state: 'open', merged_at: null, updated_at: iso(now - 5000) });
    expect(await github('pull_request', old)).toEqual(reply(true));
    expect(await told('71')).toMatchObject({ state: 'merged' });
  });

  test('of a fork goes by its number alone, and one of another repository is not heard', async () => {
    expect(await github('pull_request', pulled(72, { merged_at: null }, 'mallory/green'))).toEqual(reply());
    expect(await told('72')).toMatchObject({ state: 'closed' });
    expect(await told('fix')).toMatchObject({ number: 71 });
    const gone = pulled(73, { head: { ref: 'fix', sha: commit, repo: null } });
    expect(await github('pull_request', gone)).toEqual(reply());
    expect(await told('fix')).toMatchObject({ number: 71 });
    const foreign = { ...pulled(74), repository: { full_name: 'octo/other' } };
    expect(await github('pull_request', foreign)).toMatchObject({ status: 202 });
    expect(await told('74')).toBeUndefined();
  });

  test('that has not its shape is refused', async () => {
    for (const wrong of [{}, { number: 'x' }, { state: 'merged' }, { head: {} }, { updated_at: 'soon' }])
      expect(await github('pull_request', { repository, pull_request: { ...wrong } })).toMatchObject({ status: 400 });
  });
});

describe('GitHub’s webhook', () => {
  test('with a status reports it, at the time that GitHub tells, and wakes the queues', async () => {
    const answer = await github('status', status());
    expect(answer).toEqual({ status: 200, body: { heard: 'status', repeated: false, late: false } });
    expect(await checks()).toMatchObject({
      'ci/build': { state: 'success', url: 'https://ci.example/1', reportedAt: now },
    });
    expect(woken.sort()).toEqual(['refinery/green/main', 'refinery/green/release']);
  });

  test.each([
    ['queued', null, 'pending'],
    ['in_progress', null, 'pending'],
    ['completed', 'success', 'success'],
    ['completed', 'failure', 'failure'],
    ['completed', 'timed_out', 'failure'],
    ['completed', 'action_required', 'failure'],
    ['completed', 'neutral', 'neutral'],
    ['completed', 'skipped', 'skipped'],
    ['completed', 'cancelled', 'cancelled'],
    ['completed', 'a conclusion of years to come', 'error'],
    ['completed', 'constructor', 'error'],
    ['completed', null, 'error'],
  ])('with a check run that is %s and %s reports %s', async (stage, conclusion, state) => {
    await github('check_run', run({}, { status: stage, conclusion, name: `${stage} ${conclusion}` }));
    expect(await checks()).toMatchObject({ [`${stage} ${conclusion}`]: { state } });
  });

  test('that comes late does not undo what came before it, and is told so', async () => {
    const oid = '2'.repeat(40);
    const of = (more: object) => run({}, { head_sha: oid, ...more });
    const [t0, t1, t2] = [iso(now - 9000), iso(now - 5000), iso(now - 1000)];
    await github('check_run', of({ started_at: t0, completed_at: t1 }));
    await github('check_run', of({ status: 'in_progress', conclusion: null, started_at: t0, completed_at: null }));
    const late = of({ status: 'in_progress', conclusion: null, started_at: t1, completed_at: null });
    expect((await github('check_run', late)).body).toEqual({ heard: 'status', repeated: false, late: true });
    expect(await checks(oid)).toMatchObject({ test: { state: 'success' } });
    await github('check_run', of({ status: 'in_progress', conclusion: null, started_at: t2, completed_at: null }));
    expect(await checks(oid)).toMatchObject({ test: { state: 'pending' } });
  });

  test('keeps a status whose link cannot be shown', async () => {
    await github('status', status({ context: 'odd', target_url: 'javascript:alert(1)' }));
    expect((await checks()).odd).toEqual({ state: 'success', reportedAt: now });
  });

  test('with a push wakes the queue of that branch, and no other', async () => {
    expect((await github('push', { ref: 'refs/heads/main', after: '1', repository })).body.heard).toBe('wake');
    expect(woken).toEqual(['refinery/green/main']);
    await github('push', { ref: 'refs/heads/polecat/Toast/gr-abc234-1@1', repository });
    await github('push', { ref: 'refs/tags/main', repository });
    expect(woken).toEqual(['refinery/green/main']);
  });

  test.each(['check_suite', 'workflow_run'])('with a %s wakes the queues and reports nothing', async (event) => {
    const before = await checks();
    expect(await github(event, { action: 'completed', event, repository })).toMatchObject({ body: { heard: 'wake' } });
    expect(woken.sort()).toEqual(['refinery/green/main', 'refinery/green/release']);
    expect(await checks()).toEqual(before);
  });

  test.each([
    ['ping', { zen: 'Keep it simple.', hook_id: 1 }],
    ['issues', { action: 'opened', issue: { title: '- [ ] x' }, repository }],
    ['an event of years to come', []],
  ])('with %s is heard and changes nothing (202)', async (event, payload) => {
    expect(await github(event, payload)).toEqual({
      status: 202,
      body: { heard: 'nothing', repeated: false, late: false },
    });
    expect(woken).toEqual([]);
  });

  test('of another repository passes no commit of this one, though it has the secret', async () => {
    const oid = '3'.repeat(40);
    const foreign = { repository: { full_name: 'octo/other' }, sha: oid };
    expect((await github('status', status(foreign))).body.heard).toBe('nothing');
    expect(await checks(oid)).toEqual({});
    expect((await github('status', status(foreign), { rig: 'local' })).body.heard).toBe('status');
  });

  test('is taken once, whatever delivery and event it says it is', async () => {
    const payload = status({ context: 'once' });
    expect((await github('status', payload)).body).toEqual({ heard: 'status', repeated: false, late: false });
    const before = await checks();
    woken.length = 0;
    now += 2 * limits.webhookSkewMs;
    const other = { 'x-github-delivery': 'another' };
    expect(await github('status', payload)).toEqual({
      status: 200,
      body: { heard: 'status', repeated: true, late: false },
    });
    expect((await github('status', payload, { headers: other })).body.repeated).toBe(true);
    expect((await github('workflow_run', payload, { headers: other })).body.repeated).toBe(true);
    expect(await checks()).toEqual(before);
    expect(woken).toEqual([]);
  });

  test('sent again after the town forgot it tells nothing new', async () => {
    const payload = status({ context: 'old', state: 'failure' });
    await github('status', payload);
    now += 2000;
    await github('status', status({ context: 'old' }));
    now += limits.webhookKeptMs + 1000;
    const before = await checks();
    await github('status', payload);
    expect(await checks()).toEqual(before);
  });

  test('that races with its own repeat is taken once', async () => {
    const payload = status({ context: 'race' });
    const answers = await Promise.all([1, 2, 3, 4].map(() => github('status', payload)));
    expect(answers.map(({ body }) => body.repeated).sort()).toEqual([false, true, true, true]);
    expect(woken).toHaveLength(2);
  });

  test('is verified by either of two secrets while they are being changed', async () => {
    const body = JSON.stringify(status({ context: 'by the older' }));
    const answer = await github('status', body, { headers: { 'x-hub-signature-256': hmac(body, older) } });
    expect(answer.status).toBe(200);
  });
});

describe('a webhook is not heard', () => {
  const forged = [
    ['without a signature', undefined],
    ['with an empty one', 'sha256='],
    ['with one of another secret', hmac(JSON.stringify(status()), 'another-secret-of-nobody')],
    ['with one of no secret at all', hmac(JSON.stringify(status()), '')],
    ['with one of another body', hmac('{}')],
    ['with SHA-1', `sha1=${'0'.repeat(40)}`],
    ['with one that is not hex', `sha256=${'z'.repeat(64)}`],
  ] as const;

  test.each(forged)('%s, and then every rig looks alike (401)', async (_, signature) => {
    const headers = { 'x-hub-signature-256': signature ?? '' };
    const answers = await Promise.all(
      ['green', 'bare', 'nowhere', 'NOT A NAME', '..', 'x'.repeat(300)].map((rig) =>
        github('status', status(), { headers, rig: encodeURIComponent(rig) }),
      ),
    );
    const [first, ...others] = answers.slice(0, 4);
    expect(first).toMatchObject({ status: 401, body: { code: 'WEBHOOK_UNSIGNED' } });
    for (const other of others) expect(other).toEqual(first);
    for (const other of answers) expect([400, 401, 404]).toContain(other.status);
    // A rig that is not there costs no look for its secret, and one without a signature no look at all.
    expect(new Set(asked)).toEqual(
      /^sha256=[0-9a-f]{64}$/.test(signature ?? '') ? new Set(['green', 'bare']) : new Set(),
    );
  });

  test('before its signature was verified, whatever its body is', async () => {
    const headers = { 'x-hub-signature-256': hmac('another') };
    expect((await github('status', '{"sha":', { headers })).status).toBe(401);
  });

  test.each(['{"sha":', '', 'nul', '[', '"'])('if its body %j is no JSON, though it is signed (400)', async (body) => {
    expect(await github('status', body)).toMatchObject({ status: 400, body: { code: 'BODY_NOT_JSON' } });
  });

  test.each([
    ['a commit that is none', status({ sha: '../../x' })],
    ['no name', status({ context: undefined })],
    ['a state that is none', status({ state: 'great' })],
    ['no repository', status({ repository: undefined })],
    ['a list', []],
  ])('if it is signed but has %s (400)', async (_, payload) => {
    expect(await github('status', payload)).toMatchObject({ status: 400, body: { code: 'INPUT_INVALID' } });
  });

  test('if it is larger than the limit, signed or not (413)', async () => {
    const body = JSON.stringify(status({ filler: 'x'.repeat(limits.requestBytesMax) }));
    expect(await github('status', body)).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  });

  test('as a form, which GitHub can be set to send (415)', async () => {
    const body = `payload=${encodeURIComponent(JSON.stringify(status()))}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await github('status', body, { headers })).toMatchObject({ status: 415, body: { code: 'CONTENT_TYPE' } });
  });
});

describe('the webhook of any CI', () => {
  const seconds = () => String(Math.floor(now / 1000));
  const ci = (payload: unknown, { at = seconds(), key = secret, headers = {} } = {}) => {
    const body = JSON.stringify(payload);
    const signed = { 'gastown-timestamp': at, 'gastown-signature': hmac(`${at}.${body}`, key) };
    return send('POST', '/v1/webhooks/ci/green', { body, headers: { ...signed, ...headers } });
  };
  const report = (more: object = {}) => ({ commit, name: 'jenkins', state: 'success', ...more });

  test('reports a status', async () => {
    expect((await ci(report())).body).toEqual({ heard: 'status', repeated: false, late: false });
    expect(await checks()).toMatchObject({ jenkins: { state: 'success', reportedAt: now } });
    expect(woken).toHaveLength(2);
  });

  test('is taken once', async () => {
    const at = seconds();
    await ci(report(), { at });
    expect(await ci(report(), { at })).toEqual({ status: 200, body: { heard: 'status', repeated: true, late: false } });
  });

  test.each([-limits.webhookSkewMs - 1000, limits.webhookSkewMs + 1000, -365 * 86_400_000])(
    'that was signed %d ms from now is stale (401)',
    async (ms) => {
      const at = String(Math.floor((now + ms) / 1000));
      expect(await ci(report(), { at })).toMatchObject({ status: 401, body: { code: 'WEBHOOK_STALE' } });
    },
  );

  test('whose timestamp is not the one that was signed is not heard (401)', async () => {
    const at = String(Math.floor(now / 1000) - 3600);
    const headers = { 'gastown-timestamp': seconds() };
    expect((await ci(report(), { at, headers })).body.code).toBe('WEBHOOK_UNSIGNED');
  });

  test.each(['', 'soon', '1e9', '-1', ' 1'])('with %j for a timestamp is not heard (401)', async (at) => {
    expect((await ci(report(), { at })).status).toBe(401);
  });

  test('says nothing but a status: no word in it plans an intent', async () => {
    expect(await ci(report({ text: '# Do\n- [ ] x', rig: 'green' }))).toMatchObject({ status: 400 });
    expect((await ledger.query('CONVOYS#2026-11')).items).toEqual([]);
  });
});
