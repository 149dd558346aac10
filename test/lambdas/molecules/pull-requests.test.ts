/** A gate that waits for a pull request, with GitHub's REST API spoken by a server of the test. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Effect, EffectRecord } from '../../../core/effects.ts';
import { refuse } from '../../../core/errors.ts';
import { keys } from '../../../core/keys.ts';
import type { CodeHost } from '../../../core/ports.ts';
import type { PullRecord } from '../../../core/rigs/pull-requests.ts';
import { create, recordOf, replace, upsert } from '../../../core/step.ts';
import { openGate } from '../../../lambdas/molecules/gate.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { reportPullRequest } from '../../../lambdas/rigs/pull-requests.ts';
import { realClock } from '../../../local/clock.ts';
import { makeGithubPullRequests } from '../../../local/github-pull-requests.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';
import { beadOf, idOf } from '../../core/fixtures.ts';

/** What GitHub answers, as far as the town reads it: https://docs.github.com/en/rest/pulls/pulls */
const pull = (number: number, state: 'open' | 'closed', merged_at: string | null = null) => ({
  ...{ url: 'https://api.github.com/repos/octo/green/pulls/7', id: 1, number, state, locked: false, title: 'Fix' },
  ...{ merged_at, draft: false, head: { label: 'octo:fix', ref: 'fix', sha: 'a'.repeat(40) }, base: { ref: 'main' } },
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}
let answer: Answer = { status: 404, body: {} };
/** What is answered to who asks for the repository itself. */
const readable: Answer = { status: 200, body: { id: 1, full_name: 'octo/green' } };
let repository = readable;
const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
const server: Server = createServer((request, response) => {
  seen.push({ url: request.url ?? '', headers: request.headers });
  const { status, body, headers } = /\/pulls\b/.test(request.url ?? '') ? answer : repository;
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    .end(JSON.stringify(body));
});
let read: NonNullable<CodeHost['pullRequest']>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  read = readerOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  seen.length = 0;
  repository = readable;
});
const readerOf = (api: string, password?: string) =>
  makeGithubPullRequests({
    credential: async () => (password === undefined ? undefined : { username: 'x-access-token', password }),
    apis: new Map([['github.com', api]]),
  });
const remote = { rig: 'greenhouse', url: 'https://github.com/octo/green.git' };

describe('GitHub is asked', () => {
  test('for the one of a number, with the rig’s token', async () => {
    answer = { status: 200, body: pull(7, 'open') };
    const withToken = readerOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'ghp_1');
    expect(await withToken(remote, '7')).toEqual({ number: 7, state: 'open' });
    expect(seen[0]).toMatchObject({
      url: '/repos/octo/green/pulls/7',
      headers: { authorization: 'Bearer ghp_1', accept: 'application/vnd.github+json' },
    });
  });

  test('for the newest of a branch of the repository itself', async () => {
    answer = { status: 200, body: [pull(9, 'closed', '2026-11-23T12:00:00Z')] };
    expect(await read({ ...remote, url: 'ssh://git@github.com/octo/green' }, 'fix/a&b')).toEqual({
      number: 9,
      state: 'merged',
    });
    const asked = new URL(seen[0]?.url ?? '', 'http://x');
    expect(asked.pathname).toBe('/repos/octo/green/pulls');
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      ...{ head: 'octo:fix/a&b', state: 'all', sort: 'created', direction: 'desc', per_page: '1' },
    });
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  test('and has none where there is none, or the remote is no repository of its', async () => {
    answer = { status: 200, body: [] };
    expect(await read(remote, 'fix')).toBeUndefined();
    answer = { status: 404, body: { message: 'Not Found' } };
    expect(await read(remote, '7')).toBeUndefined();
    seen.length = 0;
    for (const url of ['/srv/green.git', 'https://git.example/octo/green', 'https://github.com/octo', 'git@x:y'])
      expect(await read({ ...remote, url }, '7')).toBeUndefined();
    expect(seen).toEqual([]);
  });

  test.each(['7', 'fix'])('but hides the repository from this token: %s', async (named) => {
    answer = { status: 404, body: { message: 'Not Found' } };
    repository = answer;
    await expect(read(remote, named)).rejects.toMatchObject({
      code: 'PULL_REQUEST_UNREADABLE',
      what: expect.stringMatching(/^GitHub answers 404 .*\/repos\/octo\/green\.$/),
    });
  });

  test.each<[string, Answer, object]>([
    ['is busy', { status: 503, body: {} }, { name: 'Unavailable' }],
    [
      'is asked too often',
      { status: 403, body: {}, headers: { 'x-ratelimit-remaining': '0' } },
      { name: 'Unavailable' },
    ],
    ['lets nobody in', { status: 403, body: {} }, { code: 'PULL_REQUEST_UNREADABLE' }],
    ['knows no such token', { status: 401, body: {} }, { code: 'PULL_REQUEST_UNREADABLE' }],
  ])('but %s', async (_what, given, error) => {
    answer = given;
    await expect(read(remote, '7')).rejects.toMatchObject(error);
  });

  test('but is not there', async () => {
    await expect(readerOf('http://127.0.0.1:9')(remote, '7')).rejects.toMatchObject({ name: 'Unavailable' });
  });
});

describe('a bead at the gate', () => {
  let ledger: LocalLedger;
  const logged: string[] = [];
  const deps = (host?: NonNullable<CodeHost['pullRequest']>) => ({
    ...{ ledger, clock: realClock, ids: realIds(realClock) },
    log: (_level: string, message: string) => void logged.push(message),
    ...(host ? { codeHost: { pullRequest: host } } : {}),
  });
  const bead = async (): Promise<Bead | undefined> => (await load.bead(ledger, idOf(1)))?.body;

  /** It goes on, and comes to a gate again. */
  const waitFor = async (pr: string, name: string): Promise<void> => {
    const was = await load.bead(ledger, idOf(1));
    if (!was?.body.gate) throw new Error('it waits for nothing');
    const key = keys.pullRequest('greenhouse', name);
    const gate = { type: 'pr', pr, note: 'n', since: was.body.gate.since + 1 } as const;
    await ledger.commit({
      id: `to ${pr} from ${was.version}`,
      changes: [
        replace(was, { ...was.body, gate }),
        upsert(key, recordOf<PullRecord>(await ledger.get(key)), { awaitedBy: [idOf(1)] }),
      ],
    });
  };

  beforeEach(async () => {
    logged.length = 0;
    ledger = await openLedger({ clock: realClock });
    const gate = { type: 'pr', pr: 'fix', note: 'n', since: 1 } as const;
    const restUntil = realClock.now() + 1e9;
    const waits = beadOf(1, { run: 1, status: 'deferred', restUntil, gate, wait: { for: 'rest', token: 'T', run: 1 } });
    const rig = { name: 'greenhouse', prefix: 'gh', url: remote.url, defaultBranch: 'main', settings: {}, addedAt: 0 };
    await ledger.commit({
      id: 'before',
      changes: [
        create(waits, waits.body),
        create(keys.rig('greenhouse'), rig),
        create(keys.pullRequest('greenhouse', 'fix'), { awaitedBy: [idOf(1)] }),
      ],
    });
  });
  afterEach(() => ledger.close());

  test('goes on when GitHub says that it was merged, and not before', async () => {
    answer = { status: 200, body: [pull(7, 'open')] };
    await openGate(deps(read), idOf(1));
    expect((await bead())?.status).toBe('deferred');
    answer = { status: 200, body: [pull(7, 'closed', '2026-11-23T12:00:00Z')] };
    await openGate(deps(read), idOf(1));
    expect(await bead()).toMatchObject({ status: 'open', gate: { because: 'the pull request #7 was merged' } });
    seen.length = 0;
    await openGate(deps(read), idOf(1));
    expect(seen).toEqual([]);
  });

  test('waits on while GitHub does not answer, and asks a human when it never will', async () => {
    answer = { status: 502, body: {} };
    await openGate(deps(read), idOf(1));
    expect((await bead())?.gate?.blocked).toBeUndefined();
    expect(logged).toEqual(['a pull request could not be read']);
    answer = { status: 403, body: {} };
    await openGate(deps(read), idOf(1));
    expect((await bead())?.gate?.blocked).toContain('a git credential that may read pull requests');
  });

  test('waits on for one that is not there yet, and asks a human where the repository cannot be seen', async () => {
    await waitFor('8', '8');
    answer = { status: 404, body: { message: 'Not Found' } };
    await openGate(deps(read), idOf(1));
    expect(await bead()).toMatchObject({ status: 'deferred' });
    expect((await bead())?.gate?.blocked).toBeUndefined();
    repository = answer;
    await openGate(deps(read), idOf(1));
    expect((await bead())?.gate?.blocked).toContain('GitHub answers 404');
  });

  test('is told by a report, as often and as late as reports come', async () => {
    const report = (state: 'open' | 'closed' | 'merged', at: number, number = 7) =>
      reportPullRequest(deps(), 'greenhouse', { number, state, branch: 'fix', at, by: 'ada' });
    const told: Effect[] = [];
    ledger.onCommitted((items) => {
      for (const { body } of items)
        if ((body as Partial<EffectRecord>).effect) told.push((body as unknown as EffectRecord).effect);
    });
    expect(await report('open', 1000)).toBe(true);
    expect(told).toEqual([]);
    expect([await report('merged', 2000), await report('merged', 2000), await report('open', 1500)]).toEqual([
      ...[true, false, false],
    ]);
    expect(await report('closed', 3000, 6)).toBe(true);
    expect(told).toEqual([{ do: 'open_gate', bead: idOf(1) }]);
    await openGate(deps(), idOf(1));
    expect((await bead())?.status).toBe('open');
  });

  describe('of a number', () => {
    const report = (number: number, state: 'open' | 'merged', branch: string) =>
      reportPullRequest(deps(), 'greenhouse', { number, state, branch, by: 'ada' });
    beforeEach(() => waitFor('#12', '12'));

    test('does not go on for another whose branch is called like it, and still hears of its own', async () => {
      expect(await report(13, 'open', '12')).toBe(true);
      expect(await report(13, 'merged', '12')).toBe(true);
      await openGate(deps(), idOf(1));
      expect((await bead())?.status).toBe('deferred');
      expect(await report(12, 'merged', 'fix')).toBe(true);
      await openGate(deps(), idOf(1));
      expect(await bead()).toMatchObject({ status: 'open', gate: { because: 'the pull request #12 was merged' } });
    });

    test('is told of it although its branch is called like it', async () => {
      expect(await report(12, 'merged', '12')).toBe(true);
      await openGate(deps(), idOf(1));
      expect((await bead())?.status).toBe('open');
    });
  });

  test('is not opened by a late answer about the gate before', async () => {
    const ofTheOneBefore = async () => {
      await waitFor('99', '99');
      return { number: 7, state: 'merged' as const };
    };
    await openGate(deps(ofTheOneBefore), idOf(1));
    expect(await bead()).toMatchObject({ status: 'deferred', gate: { pr: '99' } });
    await openGate(
      deps(async () => {
        await waitFor('99', '99');
        throw refuse(502, 'PULL_REQUEST_UNREADABLE', 'No.', 'Ask.');
      }),
      idOf(1),
    );
    expect((await bead())?.gate?.blocked).toBeUndefined();
  });
});
