import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { protection, repositoryOn } from '../../bin/gt/doctor/protection.ts';

/** A server that answers as GitHub's REST API does, and asks for the token as GitHub does. */
let server: Server;
let api: string;
const answers = new Map<string, { status: number; body: unknown }>();

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const { status, body } =
      request.headers.authorization === 'Bearer ghp_good'
        ? (answers.get(path) ?? { status: 404, body: { message: 'Not Found' } })
        : { status: 401, body: { message: 'Bad credentials' } };
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));
beforeEach(() => answers.clear());

const repository = '/api/v3/repos/acme/green';
const answer = (path: string, body: unknown, status = 200) => answers.set(`${repository}${path}`, { status, body });
const update = (id: number) => ({ type: 'update', ruleset_source_type: 'Repository', ruleset_id: id });
const app = { actor_id: 4711, actor_type: 'Integration', bypass_mode: 'always' };
const admins = { actor_id: 5, actor_type: 'RepositoryRole', bypass_mode: 'always' };
const rules = (...all: unknown[]) => answer('/rules/branches/main', all);
const ruleset = (id: number, bypass_actors?: unknown[]) => answer(`/rulesets/${id}`, { id, bypass_actors });
const unprotected = () => answer('/branches/main/protection', { message: 'Branch not protected' }, 404);

const rig = { name: 'green', prefix: 'gr', url: 'https://github.com/acme/green.git', target: 'main', settings: {} };
const look = (environment = {}, changes = {}) =>
  protection({ ...rig, ...changes }, { GITHUB_API_URL: api, GITHUB_TOKEN: 'ghp_good', ...environment });

describe('a ruleset', () => {
  test('that only one app passes is what protects main', async () => {
    rules(update(7), { type: 'deletion', ruleset_id: 7 });
    ruleset(7, [app]);
    expect(await look()).toEqual({
      check: 'green: protection',
      state: 'ok',
      found: 'ruleset 7 lets only Integration 4711 move main',
      remedy: '',
    });
  });

  test.each([
    ['administrators pass as well', [app, admins], /these may move main: Integration 4711, RepositoryRole 5/],
    ['only people pass', [admins], /these may move main: RepositoryRole 5/],
    ['nobody passes', [], /nobody may move main, the Refinery neither/],
    [
      'the app may pass by pull request only',
      [{ ...app, bypass_mode: 'pull_request' }],
      /these may move main: Integration 4711 by pull request/,
    ],
  ])('does not if %s; one command mends it', async (_, actors, found) => {
    rules(update(7));
    ruleset(7, actors);
    expect(await look()).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(found),
      remedy: expect.stringContaining('gh api -X PUT repos/acme/green/rulesets/7 '),
    });
  });

  test('is passed only by whom every other ruleset lets pass too', async () => {
    rules(update(7), update(8));
    ruleset(7, [app, admins]);
    ruleset(8, [app]);
    expect(await look()).toMatchObject({ state: 'ok' });
  });

  test('that hides who passes is not taken for one that protects', async () => {
    rules(update(7));
    ruleset(7);
    expect(await look()).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/^not checked: ruleset 7 .*hides/),
    });
  });
});

describe('without a ruleset', () => {
  const restricted = (users: unknown[], apps: unknown[], enforced: boolean) =>
    answer('/branches/main/protection', {
      enforce_admins: { enabled: enforced },
      restrictions: { users, teams: [], apps },
    });

  test('branch protection that lets one identity push, and no administrator, is as good', async () => {
    rules({ type: 'required_linear_history', ruleset_id: 9 });
    restricted([], [{ slug: 'refinery' }], true);
    expect(await look()).toMatchObject({ state: 'ok', found: 'branch protection lets only app refinery move main' });
  });

  test('administrators who may pass are found, with the command that stops them', async () => {
    rules();
    restricted([{ login: 'refinery-bot' }], [], false);
    expect(await look()).toMatchObject({
      state: 'fail',
      found: 'administrators may move main as well as user refinery-bot',
      remedy: 'gh api -X POST repos/acme/green/branches/main/protection/enforce_admins',
    });
  });

  test('others who may push are named', async () => {
    rules();
    restricted([{ login: 'ada' }], [{ slug: 'refinery' }], true);
    expect(await look()).toMatchObject({ state: 'fail', found: 'these may move main: app refinery, user ada' });
  });

  test('an open branch is found, and the command makes a ruleset that protects it', async () => {
    rules();
    unprotected();
    const { state, found, remedy } = await look({}, { name: 'green' });
    expect({ state, found }).toEqual({ state: 'fail', found: 'whoever may write to acme/green may move main' });
    const [, json = '', command] = /^echo '(.*)' \| (gh api .*)$/.exec(remedy) ?? [];
    expect(command).toBe('gh api -X POST repos/acme/green/rulesets --input -');
    expect(JSON.parse(json.replace('<app id of the Refinery>', '4711'))).toMatchObject({
      enforcement: 'active',
      conditions: { ref_name: { include: ['refs/heads/main'] } },
      rules: expect.arrayContaining([{ type: 'update' }]),
      bypass_actors: [app],
    });
  });

  test('protection that the token may not read is not taken for none', async () => {
    rules();
    answer('/branches/main/protection', { message: 'Resource not accessible by personal access token' }, 403);
    expect(await look()).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/^not checked: .*not accessible/),
    });
  });
});

describe('not checked, and it says why', () => {
  test.each([
    ['another host', {}, { url: 'https://gitlab.com/acme/green.git' }, /is not on github.com/],
    ['a path', {}, { url: '/srv/green.git' }, /is not on github.com/],
    ['no token', { GITHUB_TOKEN: '' }, {}, /no GITHUB_TOKEN/],
    ['a bad token', { GITHUB_TOKEN: 'ghp_bad' }, {}, /does not take the token \(Bad credentials\)/],
    [
      'an unknown repository',
      {},
      { url: 'https://github.com/acme/gone' },
      /acme\/gone: GitHub answered 404 \(Not Found\)/,
    ],
    ['nothing that answers', { GITHUB_API_URL: 'http://127.0.0.1:9' }, {}, /127\.0\.0\.1:9: /],
    ['a token in clear text', { GITHUB_API_URL: 'http://ghe.example/api/v3' }, {}, /GITHUB_API_URL is http/],
  ])('%s', async (_, environment, changes, found) => {
    const finding = await look(environment, changes);
    expect(finding).toMatchObject({ state: 'warn', found: expect.stringMatching(/^not checked: /) });
    expect(finding.found).toMatch(found);
    expect(finding.remedy).not.toBe('');
  });

  test('a GitHub of one’s own is asked where its runners say it is', async () => {
    rules(update(7));
    ruleset(7, [app]);
    const own = { GITHUB_SERVER_URL: 'https://ghe.example' };
    expect(await look(own, { url: 'git@ghe.example:acme/green.git' })).toMatchObject({ state: 'ok' });
    expect(await look(own)).toMatchObject({ state: 'warn' });
  });
});

test.each([
  ['https://github.com/acme/green', 'acme/green'],
  ['https://x-access-token:t@github.com/acme/green.git', 'acme/green'],
  ['ssh://git@github.com:22/acme/green.git', 'acme/green'],
  ['git@github.com:acme/green.git', 'acme/green'],
  ['https://github.com.evil.example/acme/green', undefined],
  ['https://evil.example/github.com/acme/green', undefined],
  ['file:///srv/github.com/acme/green', undefined],
])('the repository of %s is %s', (url, repository) => {
  expect(repositoryOn('github.com', url)).toBe(repository);
});
