import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChainLink, ChainRequest, Oid, Repo } from '../../core/ports.ts';
import { makeGitRepo } from '../../git/repo.ts';
import { type GitCall, runGit } from '../../git/run.ts';
import { makeTestRig, type TestRig } from './rig.ts';

const author = { name: 'Toast', email: 'toast@example.invalid', at: Date.UTC(2026, 0, 1) };
const file = (path: string, content: string | null) => ({ path, content });
const prose = `${Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n')}\n`;

describe('what a history may look like', () => {
  let rig: TestRig;
  let repo: Repo;
  let calls: GitCall[];
  const open = (): Repo => {
    calls = [];
    const run = (call: GitCall, machine: Readonly<Record<string, string>>) => {
      calls.push(call);
      return runGit(call, machine);
    };
    return makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock: { now: () => 0 }, run });
  };
  const start = (format?: 'sha1' | 'sha256') => {
    rig = makeTestRig('green', format);
    rig.git('config', 'uploadpack.allowFilter', 'true');
    repo = open();
  };
  beforeEach(() => start());
  afterEach(() => {
    rig.remove();
  });
  const link = (branch: string, head: Oid): ChainLink => ({ branch, head, message: `Change ${branch}\n`, author });
  const request = (base: Oid, links: readonly ChainLink[], more: Partial<ChainRequest> = {}): ChainRequest => ({
    base,
    links,
    strategy: 'squash',
    candidateRef: 'refs/gastown/green/c1',
    ...more,
  });
  const byUrl = () => ({ ...rig.remote, url: `file://${rig.remote.url}` });

  test('a branch thousands of commits behind main is built, and what main did is not taken for its work', async () => {
    const from = rig.plant('main', [file('a.txt', prose)], []);
    const head = rig.plant('polecat/Toast/a', [file('a.txt', prose.replace('line 3', 'mine'))], [from]);
    const imported = Array.from({ length: 3000 }, (_, i) =>
      [
        `commit refs/heads/main\ncommitter T <t@example.invalid> ${1_700_000_000 + i} +0000\ndata 1\nx\n`,
        `${i === 0 ? `from ${from}\n` : ''}M 100644 inline n${i % 50}\ndata ${String(i).length}\n${i}\n`,
      ].join(''),
    );
    writeFileSync(join(rig.dir, 'import'), imported.join(''));
    rig.git('-c', `alias.load=!git fast-import --quiet < ${join(rig.dir, 'import')} #`, 'load');
    const base = rig.head('main') ?? '';
    const result = await repo.buildChain(byUrl(), request(base, [link('polecat/Toast/a', head)]));
    const oid = result.ok ? (result.commits[0]?.oid ?? '') : '';
    expect(rig.git('diff', '--name-only', base, oid)).toBe('a.txt');
    const paths = await repo.changedPaths(byUrl(), { base, heads: [head] });
    expect(paths).toEqual([{ paths: ['a.txt'], more: false }]);
    expect(await repo.containedIn(byUrl(), { base, head, others: [from] })).toEqual([]);
  }, 30_000);

  test('a branch that merged main, and another branch, brings its own work once', async () => {
    const from = rig.plant('main', [file('a.txt', prose)], []);
    const main1 = rig.plant('main', [file('b.txt', 'main\n')], [from]);
    const other = rig.plant('polecat/Slit/b', [file('other.txt', 'x\n')], [from]);
    const first = rig.plant('polecat/Toast/a', [file('mine.txt', '1\n')], [from]);
    const merged = rig.plant('polecat/Toast/a', [file('b.txt', 'main\n')], [first, main1]);
    const head = rig.plant('polecat/Toast/a', [file('other.txt', 'x\n')], [merged, other]);
    const base = rig.plant('main', [file('c.txt', 'main\n')], [main1]);
    const links = [link('polecat/Toast/a', head)];
    for (const strategy of ['squash', 'merge', 'rebase'] as const) {
      const result = await repo.buildChain(rig.remote, request(base, links, { strategy }));
      const oid = result.ok ? (result.commits[0]?.oid ?? '') : '';
      expect(rig.git('ls-tree', '--name-only', oid).split('\n')).toEqual([
        'a.txt',
        'b.txt',
        'c.txt',
        'mine.txt',
        'other.txt',
      ]);
    }
    expect(await repo.containedIn(rig.remote, { base, head, others: [other, main1, first] })).toEqual([other, first]);
    const changed = await repo.changedPaths(rig.remote, { base, heads: [head, other] });
    expect(changed.map((one) => one?.paths)).toEqual([['mine.txt', 'other.txt'], ['other.txt']]);
  });

  test('two histories that merged each other criss-cross have several merge bases, and merge all the same', async () => {
    const root = rig.plant('main', [file('a.txt', prose), file('b.txt', prose)], []);
    const left = rig.plant('main', [file('a.txt', prose.replace('line 1\n', 'left\n'))], [root]);
    const right = rig.plant('side', [file('b.txt', prose.replace('line 1\n', 'right\n'))], [root]);
    const both = [
      file('a.txt', prose.replace('line 1\n', 'left\n')),
      file('b.txt', prose.replace('line 1\n', 'right\n')),
    ];
    const main = rig.plant('main', both, [left, right]);
    const side = rig.plant('side', both, [right, left]);
    const base = rig.plant('main', [file('main.txt', 'm\n')], [main]);
    const head = rig.plant('polecat/Toast/a', [file('mine.txt', 'x\n')], [side]);
    expect(rig.git('merge-base', '--all', base, head).split('\n')).toHaveLength(2);
    const result = await repo.buildChain(rig.remote, request(base, [link('polecat/Toast/a', head)]));
    const oid = result.ok ? (result.commits[0]?.oid ?? '') : '';
    expect(rig.git('diff', '--name-only', base, oid)).toBe('mine.txt');
    const [changed] = await repo.changedPaths(rig.remote, { base, heads: [head] });
    expect(changed?.paths).toContain('mine.txt');
  });

  test('a branch that was force-pushed to something else is head_moved, also when its old head is still here', async () => {
    const base = rig.commit('main', { 'a.txt': 'a' });
    const head = rig.commit('polecat/Toast/a', { 'a.txt': 'x' });
    const links = [link('polecat/Toast/a', head)];
    expect(await repo.buildChain(byUrl(), request(base, links))).toMatchObject({ ok: true });
    const forced = rig.commit('polecat/Toast/a', { 'z.txt': 'other' }, { force: true });
    expect(await repo.buildChain(byUrl(), request(base, links))).toEqual({
      ok: false,
      link: 0,
      why: { fault: 'head_moved', head: forced },
    });
    rig.git('update-ref', '-d', 'refs/heads/polecat/Toast/a');
    rig.git('reflog', 'expire', '--expire=now', '--all');
    rig.git('gc', '--quiet', '--prune=now');
    expect(await repo.buildChain(byUrl(), request(base, links))).toMatchObject({ why: { fault: 'branch_gone' } });
  });

  test('of several branches some of which are gone, the others are fetched and built', async () => {
    const base = rig.commit('main', { 'a.txt': 'a' });
    const heads = [0, 1, 2].map((n) => rig.commit(`polecat/Toast/b${n}`, { [`${n}.txt`]: 'x' }));
    rig.git('update-ref', '-d', 'refs/heads/polecat/Toast/b1');
    const links = heads.map((head, n) => link(`polecat/Toast/b${n}`, head));
    expect(await repo.buildChain(byUrl(), request(base, links, { onFault: 'leave_out' }))).toMatchObject({
      commits: [{}, {}],
      leftOut: [{ link: 1, why: { fault: 'branch_gone' } }],
    });
  });

  test('branches whose names look like options are branches', async () => {
    const mark = join(rig.dir, 'ran');
    const base = rig.commit('main', { 'a.txt': 'a' });
    const names = [`--upload-pack=touch${'$'}{IFS}${mark}`, '-x', '--force', 'polecat/--exec=id', "it's;touch"];
    const heads = names.map((name, i) => rig.commit(name, { [`${i}.txt`]: 'x' }));
    const links = names.map((name, i) => link(name, heads[i] ?? ''));
    for (const remote of [rig.remote, byUrl()])
      expect(await repo.buildChain(remote, request(base, links))).toMatchObject({ ok: true, leftOut: [] });
    const candidateRef = 'refs/gastown/green/--force';
    expect(await repo.buildChain(byUrl(), request(base, links, { candidateRef }))).toMatchObject({ ok: true });
    await repo.deleteRefs(byUrl(), [candidateRef]);
    expect(existsSync(mark)).toBe(false);
    expect(rig.head('main')).toBe(base);
  });

  test.each([['a path'], ['a URL']])('a repository of SHA-256 ids is built and landed on, from %s', async (way) => {
    rig.remove();
    start('sha256');
    const remote = way === 'a path' ? rig.remote : byUrl();
    await repo.deleteRefs(remote, ['refs/gastown/green/none']);
    const base = rig.commit('main', { 'a.txt': prose });
    const a = rig.commit('polecat/Toast/a', { 'a.txt': prose.replace('line 1', 'mine') });
    const b = rig.commit('polecat/Slit/b', { 'a.txt': prose.replace('line 1', 'yours'), 'b.txt': 'b' });
    const links = [link('polecat/Toast/a', a), link('polecat/Slit/b', b)];
    const result = await repo.buildChain(remote, request(base, links, { onFault: 'leave_out' }));
    expect(result).toMatchObject({ commits: [{}], leftOut: [{ why: { fault: 'conflict', with: 'chain' } }] });
    const to = result.ok ? (result.commits[0]?.oid ?? '') : '';
    expect(to).toMatch(/^[0-9a-f]{64}$/);
    const landing = { ref: 'refs/heads/main', from: base, to, timeoutMs: 30_000 };
    expect(await repo.pushWithLease(remote, landing)).toEqual({ pushed: 'yes' });
    expect(await repo.conflictOf(remote, { base: to, head: b })).toMatchObject({
      headDiff: expect.stringContaining('+yours'),
    });
    await repo.deleteRefs(remote, ['refs/gastown/green/c1']);
    rig.git('fsck', '--strict');
    expect(rig.git('for-each-ref', 'refs/gastown')).toBe('');
  });

  test('whether a commit is here is found out without fetching it, in a cache whose blobs stayed behind', async () => {
    const base = rig.commit('main', { 'a.txt': prose });
    const a = rig.commit('polecat/Toast/a', { 'a.txt': 'x' });
    await repo.buildChain(byUrl(), request(base, [link('polecat/Toast/a', a)]));
    const newer = rig.commit('main', { 'b.txt': 'b' });
    calls.length = 0;
    expect(await repo.isAncestor(byUrl(), base, newer)).toBe(true);
    expect(calls.map(({ args }) => args.filter((arg) => !arg.includes('remote.origin') && arg !== '-c')[0])).toEqual([
      'cat-file',
      'fetch',
      'cat-file',
      'merge-base',
    ]);
  });

  test('a commit that the remote has lost does not hold up those that it has', async () => {
    const base = rig.commit('main', { 'a.txt': 'a' });
    const head = rig.commit('polecat/Toast/a', { 'a.txt': 'x' });
    const lost = '0123456789012345678901234567890123456789';
    expect(await repo.changedPaths(byUrl(), { base, heads: [lost, head] })).toEqual([
      undefined,
      { paths: ['a.txt'], more: false },
    ]);
  });

  test('a prefix of a chain that was built before takes one look and one push, and gives the same commits anywhere', async () => {
    const base = rig.commit('main', { 'a.txt': 'a' });
    const links = Array.from({ length: 12 }, (_, n) =>
      link(`polecat/Toast/b${n}`, rig.commit(`polecat/Toast/b${n}`, { [`${n}.txt`]: 'x' })),
    );
    const whole = await repo.buildChain(rig.remote, request(base, links));
    calls.length = 0;
    const prefix = await repo.buildChain(rig.remote, request(base, links.slice(0, 7)));
    expect(calls.map(({ args }) => args[0])).toEqual(['for-each-ref', 'push']);
    const commits = whole.ok ? whole.commits : [];
    expect(prefix).toEqual({ ok: true, commits: commits.slice(0, 7), leftOut: [] });
    // A process that never saw the chain comes to the same commits.
    mkdirSync(join(rig.dir, 'elsewhere'));
    const elsewhere = makeGitRepo({ cacheDir: join(rig.dir, 'elsewhere'), clock: { now: () => 9 } });
    expect(await elsewhere.buildChain(rig.remote, request(base, links.slice(0, 7)))).toEqual(prefix);
  });

  test('names and messages that no commit could hold are made to fit', async () => {
    const base = rig.commit('main', { 'a.txt': 'a' });
    const head = rig.commit('polecat/Toast/a', { 'a.txt': 'x' });
    const odd = {
      ...link('polecat/Toast/a', head),
      message: 'Nul \0 inside, é and 🚀\r\n\nBead: gr-abc123-1',
      author: { name: 'T\n<o>ast', email: 'a@b>\n', at: Number.NaN },
    };
    const result = await repo.buildChain(rig.remote, request(base, [odd]));
    const oid = result.ok ? (result.commits[0]?.oid ?? '') : '';
    rig.git('fsck', '--strict');
    expect(rig.git('log', '-1', '--format=%an|%ae|%at', oid)).toBe('Toast|a@b|0');
    expect(rig.git('log', '-1', '--format=%(trailers:key=Bead,valueonly)', oid)).toBe('gr-abc123-1');
  });
});
