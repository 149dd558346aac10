import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Effect } from '../../../core/effects.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Item } from '../../../core/ports.ts';
import { create } from '../../../core/step.ts';
import { makeTestRig, type TestRig } from '../../git/rig.ts';
import { openTown, type TestTown } from '../api/fixture.ts';

let rig: TestRig;
let town: TestTown;
const effects: Effect[] = [];

beforeAll(async () => {
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'hello' });
  town = await openTown();
  const ledger = town.deps.ledger as unknown as { onCommitted(listener: (put: readonly Item[]) => void): void };
  ledger.onCommitted((put) => {
    for (const item of put)
      if (item.pk.startsWith('EFFECT#')) effects.push((item.body as never as { effect: Effect }).effect);
  });
});
afterAll(async () => {
  expect(town.bugs).toEqual([]);
  await town.close();
  rig.remove();
  for (const one of others) one.remove();
});

const others: TestRig[] = [];
/** The URL of a repository that no rig manages yet. */
function another(): string {
  const one = makeTestRig();
  one.commit('main', { 'README.md': 'hello' });
  others.push(one);
  return one.remote.url;
}

const add = (name: string, url: string) => town.ask('POST', '/v1/rigs', { body: { name, url } });

describe('adding a rig', () => {
  test('asks the repository for its default branch, and is fine to repeat', async () => {
    const first = await add('greenhouse', rig.remote.url);
    expect(first).toMatchObject({
      status: 201,
      body: { repeated: false, rig: { prefix: 'gr', defaultBranch: 'main', target: 'main' } },
    });
    expect(await add('greenhouse', rig.remote.url)).toMatchObject({ status: 200, body: { repeated: true } });
    expect((await town.ask('GET', '/v1/rigs')).body.rigs).toHaveLength(1);
  });

  test('under a name that is taken by another repository is refused (409)', async () => {
    expect(await add('greenhouse', `${rig.remote.url}2`)).toMatchObject({ status: 409, body: { code: 'RIG_EXISTS' } });
  });

  test('gives every rig a prefix of its own', async () => {
    expect((await add('green-river', another())).body.rig.prefix).toBe('gre');
    expect((await add('grass', `file://${another()}`)).body.rig.prefix).toBe('gra');
  });

  test('again under a second name is refused, however its URL is written: one main has one Refinery (409)', async () => {
    const { url } = rig.remote;
    for (const same of [url, `file://${url}`, `${url}/`, url.replace(/\.git$/, '')]) {
      expect(await add('twice', same)).toMatchObject({
        status: 409,
        body: { code: 'RIG_SAME_REPOSITORY', detail: expect.stringContaining('Rig "greenhouse" already manages') },
      });
    }
  });

  test('by many callers at once makes one', async () => {
    const url = another();
    const answers = await Promise.all(Array.from({ length: 5 }, () => add('at-once', url)));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
  });

  test.each(['', 'A', 'a', 'Green', '1green', 'green_house', '-green', 'green-', 'x'.repeat(41), '../up', 'a#b'])(
    'under the name %j is refused',
    async (name) => {
      expect(await add(name, rig.remote.url)).toMatchObject({ status: 400, body: { code: 'RIG_NAME_INVALID' } });
    },
  );

  test.each([
    ['', 'RIG_URL_INVALID'],
    ['relative/path', 'RIG_URL_INVALID'],
    ['http://host/repo.git', 'RIG_URL_INVALID'],
    ['git://host/repo.git', 'RIG_URL_INVALID'],
    ['ext::sh -c touch% /tmp/pwned', 'RIG_URL_INVALID'],
    ['-oProxyCommand=touch /tmp/pwned', 'RIG_URL_INVALID'],
    ['--upload-pack=touch /tmp/pwned', 'RIG_URL_INVALID'],
    ['ssh://-oProxyCommand=touch/x', 'RIG_URL_INVALID'],
    ['ssh://%2doProxyCommand=touch/x', 'RIG_URL_INVALID'],
    ['ssh://-x@host/repo', 'RIG_URL_INVALID'],
    ['git@github.com:acme/app.git', 'RIG_URL_INVALID'],
    ['file://otherhost/share/repo', 'RIG_URL_INVALID'],
    ['https://user:pass@host/repo.git', 'RIG_URL_SECRET'],
    ['https://token@host/repo.git', 'RIG_URL_SECRET'],
    ['ssh://git:pass@host/repo.git', 'RIG_URL_SECRET'],
    ['https://host/re\npo.git', 'RIG_URL_INVALID'],
  ])('at %j is refused before git is asked: %s', async (url, code) => {
    expect(await add('other', url)).toMatchObject({ status: 400, body: { code } });
  });

  test('the short form of ssh is answered with the long one', async () => {
    expect((await add('other', 'git@github.com:acme/app.git')).body.detail).toContain(
      'ssh://git@github.com/acme/app.git',
    );
  });

  test('whose repository does not exist says so, and leaves nothing behind (422)', async () => {
    expect(await add('ghost', '/nowhere/at/all')).toMatchObject({
      status: 422,
      body: {
        code: 'REPO_UNREACHABLE',
        detail: 'No repository answers at /nowhere/at/all: it does not appear to be a git repository.',
      },
    });
    expect((await town.ask('GET', '/v1/rigs/ghost')).status).toBe(404);
  });

  test('by a path makes no sense to a town elsewhere', async () => {
    const deployed = await openTown({ localRemotes: false });
    const body = { name: 'green', url: rig.remote.url };
    expect(await deployed.ask('POST', '/v1/rigs', { body })).toMatchObject({ body: { code: 'RIG_URL_LOCAL' } });
    await deployed.close();
  });
});

describe('configuring a rig', () => {
  const set = (body: object) => town.ask('PATCH', '/v1/rigs/greenhouse/config', { body });
  const settingOf = (answer: { body: { config: { key: string; value: unknown; set: boolean }[] } }, key: string) =>
    answer.body.config.find((one) => one.key === key);

  test('takes words and JSON alike, and unset brings the default back', async () => {
    expect(settingOf(await set({ 'polecats.max': '3' }), 'polecats.max')).toMatchObject({ value: 3, set: true });
    expect(settingOf(await set({ 'refinery.require_ci': true }), 'refinery.require_ci')).toMatchObject({ value: true });
    expect(
      settingOf(await set({ 'polecats.max': 'unset', 'refinery.require_ci': null }), 'polecats.max'),
    ).toMatchObject({
      set: false,
    });
  });

  test('adds and removes gates', async () => {
    const key = 'refinery.gates.test';
    expect(settingOf(await set({ [key]: 'npm test' }), key)).toMatchObject({ value: 'npm test' });
    expect(settingOf(await set({ [key]: null }), key)).toBeUndefined();
  });

  test('lands on a branch that the repository has, and on no other (422)', async () => {
    expect(await set({ 'refinery.target': 'nxt' })).toMatchObject({ status: 422, body: { code: 'TARGET_UNKNOWN' } });
    expect((await town.ask('GET', '/v1/rigs/greenhouse')).body.target).toBe('main');
    rig.commit('next', { 'README.md': 'next' });
    expect((await set({ 'refinery.target': 'next' })).body.target).toBe('next');
    expect((await set({ 'refinery.target': null })).body.target).toBe('main');
  });

  test('wakes who decides by it: the scheduler and every queue; and only when something changed', async () => {
    effects.length = 0;
    await set({ 'polecats.max': 5 });
    expect(effects).toEqual([
      { do: 'wake', queue: 'ticks', group: 'scheduler/greenhouse' },
      { do: 'wake', queue: 'refinery', group: 'refinery/greenhouse/main' },
    ]);
    effects.length = 0;
    await set({ 'polecats.max': '5' });
    expect(effects).toEqual([]);
  });

  test('wakes no more queues than a commit holds, its own target first', async () => {
    const targets = Array.from({ length: 120 }, (_, i) => keys.target('greenhouse', `release-${i}`));
    for (let i = 0; i < targets.length; i += 100) {
      const changes = targets.slice(i, i + 100).map((key) => create(key, { target: key.sk }));
      await town.deps.ledger.commit({ id: `targets-${i}`, changes });
    }
    effects.length = 0;
    expect((await set({ 'polecats.max': 6 })).status).toBe(200);
    const woken = effects.filter((effect) => effect.do === 'wake' && effect.queue === 'refinery');
    expect(woken).toHaveLength(limits.wakesPerCommitMax);
    expect(woken[0]).toMatchObject({ group: 'refinery/greenhouse/main' });
    const commit = 'd'.repeat(40);
    const status = await town.ask('POST', '/v1/rigs/greenhouse/statuses', {
      body: { commit, name: 'build', state: 'success' },
    });
    expect(status.status).toBeLessThan(300);
    for (const key of targets)
      await town.deps.ledger.commit({ id: key.sk, changes: [{ delete: key, expect: { any: true } }] });
  });

  test('takes no more keys at once than a commit holds (400)', async () => {
    const gates = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`refinery.gates.g${i}`, 'true']));
    expect(await set(gates(limits.settingsPerRequestMax + 1))).toMatchObject({
      status: 400,
      body: { code: 'CONFIG_TOO_MANY' },
    });
    expect((await set(gates(limits.settingsPerRequestMax))).status).toBe(200);
    const unset = Object.fromEntries(Object.keys(gates(limits.settingsPerRequestMax)).map((key) => [key, null]));
    expect((await set(unset)).status).toBe(200);
  });

  test('names every fault at once and then changes nothing (400)', async () => {
    const answer = await set({ 'refinery.requireci': true, 'polecats.max': 'many', 'retry.fresh': 4 });
    expect(answer.status).toBe(400);
    expect(answer.body.faults.map((fault: { code: string }) => fault.code)).toEqual([
      'CONFIG_KEY_UNKNOWN',
      'CONFIG_VALUE_INVALID',
    ]);
    expect(answer.body.faults[0].what).toContain('Did you mean "refinery.require_ci"?');
    expect(settingOf(await town.ask('GET', '/v1/rigs/greenhouse'), 'retry.fresh')).toMatchObject({ value: 2 });
  });

  test('needs a key, an object, and a rig that exists', async () => {
    expect(await set({})).toMatchObject({ status: 400, body: { code: 'CONFIG_EMPTY' } });
    expect(await set([])).toMatchObject({ status: 400 });
    const answer = await town.ask('PATCH', '/v1/rigs/greenhous/config', { body: { 'polecats.max': 1 } });
    expect(answer).toMatchObject({ status: 404, body: { code: 'RIG_UNKNOWN' } });
    expect(answer.body.detail).toContain('Did you mean "greenhouse"?');
  });

  test('by many at once loses no setting', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(names.map((name) => set({ [`refinery.gates.${name}`]: `run ${name}` })));
    const { config } = (await town.ask('GET', '/v1/rigs/greenhouse')).body;
    expect(config.filter((one: { key: string }) => one.key.startsWith('refinery.gates.'))).toHaveLength(5);
  });
});

describe('reporting a status', () => {
  const commit = 'c'.repeat(40);
  const report = (body: object) => town.ask('POST', '/v1/rigs/greenhouse/statuses', { body });

  test('keeps the newest report of each check, for the code host to read, and wakes the queue', async () => {
    effects.length = 0;
    await report({ commit, name: 'build', state: 'pending' });
    await report({ commit, context: 'lint', state: 'failure', url: 'https://ci.example/1' });
    const { body } = await report({ commit, name: 'build', state: 'success' });
    expect(body.checks.map((one: { name: string; state: string }) => `${one.name} ${one.state}`).sort()).toEqual([
      'build success',
      'lint failure',
    ]);
    const checks = await town.deps.codeHost.checks({ rig: 'greenhouse', url: rig.remote.url }, commit);
    expect(checks).toContainEqual(
      expect.objectContaining({ name: 'lint', state: 'failure', url: 'https://ci.example/1' }),
    );
    expect(effects).toContainEqual({ do: 'wake', queue: 'refinery', group: 'refinery/greenhouse/main' });
    const kept = await town.deps.ledger.get(keys.checks('greenhouse', commit));
    expect(kept?.expiresAt).toBeGreaterThan(town.deps.clock.now());
  });

  test.each([
    { commit: 'main', name: 'build', state: 'success' },
    { commit, name: 'build', state: 'green' },
    { commit, state: 'success' },
    { commit, name: 'build', context: 'build', state: 'success' },
    { commit, name: 'build', state: 'success', url: 'javascript:alert(1)' },
    { commit, name: 'build', state: 'success', score: 1 },
  ])('%j is refused (400)', async (body) => {
    expect((await report(body)).status).toBe(400);
  });

  test('for an unknown rig is refused (404)', async () => {
    const answer = await town.ask('POST', '/v1/rigs/blue/statuses', {
      body: { commit, name: 'build', state: 'success' },
    });
    expect(answer.status).toBe(404);
    expect(await town.deps.ledger.get(keys.checks('blue', commit))).toBeUndefined();
  });
});

test('a rig asks for pull requests in vain where its town can open none', async () => {
  const url = another();
  await add('without-reviews', url);
  const answer = await town.ask('PATCH', '/v1/rigs/without-reviews/config', { body: { 'refinery.via': 'pr' } });
  expect(answer).toMatchObject({ status: 422, body: { code: 'PULL_REQUESTS_UNSUPPORTED' } });
  expect(answer.body.remedy).toMatch(/^Leave refinery\.via at push\./);
  const back = await town.ask('PATCH', '/v1/rigs/without-reviews/config', { body: { 'refinery.via': 'push' } });
  expect(back.status).toBe(200);
});
