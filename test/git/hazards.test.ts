import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChainLink, MergeStrategy, Oid, Repo } from '../../core/ports.ts';
import { parsePush } from '../../git/push.ts';
import { makeGitRepo } from '../../git/repo.ts';
import type { GitAnswer } from '../../git/run.ts';
import { serveGit } from './http-backend.ts';
import { makeTestRig, type TestRig } from './rig.ts';

const clock = { now: () => 0 };
const author = { name: 'Toast', email: 'toast@example.invalid', at: Date.UTC(2026, 0, 1) };
const linkOf = (branch: string, head: Oid): ChainLink => ({
  branch,
  head,
  message: 'A change\n\nBead: gr-abc123-1\n',
  author,
});

describe('git under bad circumstances', () => {
  let rig: TestRig;
  let repo: Repo;
  let base: Oid;
  beforeEach(() => {
    rig = makeTestRig();
    repo = makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock });
    base = rig.commit('main', { 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'b\n' });
  });
  afterEach(() => {
    rig.remove();
  });
  const cache = () => join(rig.dir, 'cache', readdirSync(join(rig.dir, 'cache'))[0] ?? '');
  async function built(files: Readonly<Record<string, string>>, strategy: MergeStrategy = 'squash') {
    const head = rig.commit('polecat/Toast/a', files, { force: true });
    const result = await repo.buildChain(rig.remote, {
      base,
      links: [linkOf('polecat/Toast/a', head)],
      strategy,
      candidateRef: 'refs/gastown/green/c1',
    });
    if (!result.ok) throw new Error(JSON.stringify(result));
    return { head, oid: result.commits[0]?.oid ?? '' };
  }
  const pushed = (to: Oid, timeoutMs = 30_000) =>
    repo.pushWithLease(rig.remote, { ref: 'refs/heads/main', from: base, to, timeoutMs });

  test('a push without an answer before its deadline is unknown, and its process is gone', async () => {
    const { oid } = await built({ 'a.txt': 'x' });
    rig.hook('pre-receive', 'sleep 60');
    expect(await pushed(oid, 300)).toEqual({ pushed: 'unknown', text: 'no answer before the deadline' });
    expect(rig.head('main')).toBe(base);
  });

  test('the deadline of a push covers all of it: none is begun once the time was spent waiting in line', async () => {
    const { oid } = await built({ 'a.txt': 'x' });
    rig.hook('pre-receive', 'case $(cat) in *refs/heads/main) touch ../pushed;; *) sleep 1;; esac');
    const slow = repo.buildChain(rig.remote, {
      base,
      links: [],
      strategy: 'squash',
      candidateRef: 'refs/gastown/green/c9',
    });
    expect(await pushed(oid, 300)).toEqual({ pushed: 'unknown', text: 'no answer before the deadline' });
    await slow;
    expect(rig.head('main')).toBe(base);
    expect(existsSync(join(rig.remote.url, '..', 'pushed'))).toBe(false);
  });

  test('a push that was given up may still arrive: it is unknown, and main moves later', async () => {
    const { oid } = await built({ 'a.txt': 'x' });
    const root = dirname(rig.remote.url);
    rig.git('config', 'http.receivepack', 'true');
    const server = createServer((request, response) => void serveGit(root, request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${basename(rig.remote.url)}`;
    const remote = { ...rig.remote, url };
    const landing = { ref: 'refs/heads/main', from: base, to: oid };
    // The commit is there, so that nothing but the push itself takes time.
    expect(await repo.isAncestor(remote, base, oid)).toBe(true);
    rig.hook('pre-receive', 'touch ../arrived; while [ ! -e ../go ]; do sleep 0.05; done');
    const answer = repo.pushWithLease(remote, { ...landing, timeoutMs: 3_000 });
    expect(await answer).toEqual({ pushed: 'unknown', text: 'no answer before the deadline' });
    expect(existsSync(join(root, 'arrived'))).toBe(true);
    expect(await repo.readRef(remote, 'refs/heads/main')).toBe(base);
    writeFileSync(join(root, 'go'), '');
    while ((await repo.readRef(remote, 'refs/heads/main')) === base) await sleep(50);
    expect(await repo.readRef(remote, 'refs/heads/main')).toBe(oid);
    // Whoever pushes again by then is told that main is there already.
    expect(await repo.pushWithLease(remote, { ...landing, timeoutMs: 30_000 })).toEqual({ pushed: 'yes' });
    server.closeAllConnections();
    server.close();
  }, 30_000);

  test('a push that a hook refuses is rejected, with the words of the hook', async () => {
    const { oid } = await built({ 'a.txt': 'x' });
    rig.hook('pre-receive', 'echo "not on Fridays" >&2; exit 1');
    expect(await pushed(oid)).toEqual({ pushed: 'rejected', text: 'not on Fridays (pre-receive hook declined)' });
  });

  test('a remote whose history is cut off, as CI clones it, is built on all the same', async () => {
    base = rig.commit('main', { 'a.txt': 'newer\n' });
    const url = join(rig.dir, 'shallow.git');
    rig.git('clone', '--quiet', '--bare', '--depth=1', `file://${rig.remote.url}`, url);
    writeFileSync(join(rig.dir, 'c.txt'), 'c\n');
    rig.git('-C', url, 'read-tree', base);
    rig.git('-C', url, `--work-tree=${rig.dir}`, 'add', join(rig.dir, 'c.txt'));
    const tree = rig.git('-C', url, 'write-tree');
    const head = rig.git('-C', url, 'commit-tree', '-p', base, '-m', 'work', tree);
    rig.git('-C', url, 'update-ref', 'refs/heads/polecat/Toast/a', head);

    const links = [linkOf('polecat/Toast/a', head)];
    const request = { base, links, strategy: 'squash', candidateRef: 'refs/gastown/green/c1' } as const;
    expect(await repo.buildChain({ rig: 'shallow', url }, request)).toMatchObject({ ok: true, commits: [{ tree }] });
  });

  test('hooks that turn up in the cache never run', async () => {
    await built({ 'b.txt': 'x' });
    const mark = join(rig.dir, 'ran');
    mkdirSync(join(cache(), 'hooks'));
    for (const hook of ['reference-transaction', 'pre-push', 'post-update']) {
      writeFileSync(join(cache(), 'hooks', hook), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    }
    base = rig.commit('main', { 'c.txt': 'newer' });
    const { oid } = await built({ 'b.txt': 'y' });
    expect(await pushed(oid)).toEqual({ pushed: 'yes' });
    expect(existsSync(mark)).toBe(false);
  });

  test('a damaged cache is made anew once, and the work goes on', async () => {
    const first = await built({ 'a.txt': 'x' });
    rmSync(join(cache(), 'objects'), { recursive: true });
    expect((await built({ 'a.txt': 'x' })).oid).toBe(first.oid);
  });

  test('a lock that a killed process left in the cache is no obstacle', async () => {
    const remote = { ...rig.remote, url: `file://${rig.remote.url}` };
    const request = (head: Oid) => ({
      base,
      links: [linkOf('polecat/Toast/a', head)],
      strategy: 'squash' as const,
      candidateRef: 'refs/gastown/green/c1',
    });
    await repo.buildChain(remote, request(rig.commit('polecat/Toast/a', { 'a.txt': 'x' })));
    writeFileSync(join(cache(), 'refs', 'town', 'base.lock'), '');
    base = rig.commit('main', { 'b.txt': 'new' });
    const head = rig.commit('polecat/Toast/a', { 'c.txt': 'x' }, { force: true });
    expect(await repo.buildChain(remote, request(head))).toMatchObject({ ok: true });
  });

  test('a cache that was deleted between building and landing is no obstacle', async () => {
    const { oid } = await built({ 'a.txt': 'x' });
    rmSync(join(rig.dir, 'cache'), { recursive: true });
    expect(await pushed(oid)).toEqual({ pushed: 'yes' });
    expect(rig.head('main')).toBe(oid);
  });

  test('work on one rig is done one piece at a time, however it is asked for', async () => {
    const heads = [1, 2, 3, 4].map((n) => rig.commit(`polecat/Toast/p${n}`, { [`f${n}.txt`]: 'x' }));
    const results = await Promise.all(
      heads.map((head, i) =>
        repo.buildChain(rig.remote, {
          base,
          links: [linkOf(`polecat/Toast/p${i + 1}`, head)],
          strategy: 'squash',
          candidateRef: `refs/gastown/green/p${i + 1}`,
        }),
      ),
    );
    expect(results.every((result) => result.ok)).toBe(true);
  });

  test('merge keeps the branch as second parent', async () => {
    const { head, oid } = await built({ 'a.txt': 'x' }, 'merge');
    expect(rig.git('log', '-1', '--format=%P', oid)).toBe(`${base} ${head}`);
  });

  test('rebase keeps each commit of the branch, on the new base, with the trailers', async () => {
    rig.commit('polecat/Toast/r', { 'c.txt': '1' });
    const head = rig.commit('polecat/Toast/r', { 'd.txt': '2' }, { from: 'polecat/Toast/r' });
    base = rig.commit('main', { 'b.txt': 'newer' });
    const result = await repo.buildChain(rig.remote, {
      base,
      links: [linkOf('polecat/Toast/r', head)],
      strategy: 'rebase',
      candidateRef: 'refs/gastown/green/r',
    });
    const oid = result.ok ? (result.commits[0]?.oid ?? '') : '';
    expect(rig.git('log', '--format=%s', `${base}..${oid}`).split('\n')).toEqual([
      'work on polecat/Toast/r',
      'work on polecat/Toast/r',
    ]);
    expect(rig.git('log', '-1', '--format=%(trailers:key=Bead,valueonly)', oid)).toBe('gr-abc123-1');
    expect(rig.git('ls-tree', '--name-only', oid).split('\n')).toEqual(['a.txt', 'b.txt', 'c.txt', 'd.txt']);
  });

  test('a rebase that cannot give what the merge gives becomes one commit: nothing is dropped', async () => {
    rig.commit('polecat/Toast/r', { 'a.txt': 'x\n' });
    const head = rig.commit(
      'polecat/Toast/r',
      { 'a.txt': 'one\ntwo\nthree\n', 'c.txt': '1' },
      { from: 'polecat/Toast/r' },
    );
    base = rig.commit('main', { 'a.txt': 'one\ntwo\nTHREE\n' });
    const result = await repo.buildChain(rig.remote, {
      base,
      links: [linkOf('polecat/Toast/r', head)],
      strategy: 'rebase',
      candidateRef: 'refs/gastown/green/r',
    });
    const oid = result.ok ? (result.commits[0]?.oid ?? '') : '';
    expect(rig.git('rev-list', '--count', `${base}..${oid}`)).toBe('1');
    expect(rig.git('show', `${oid}:c.txt`)).toBe('1');
    expect(rig.git('show', `${oid}:a.txt`)).toBe('one\ntwo\nTHREE');
  });

  test('a branch without common history is told apart from a conflict', async () => {
    await built({ 'a.txt': 'x' });
    const tree = rig.git('rev-parse', `${base}^{tree}`);
    const orphan = rig.git(
      '-c',
      'user.name=x',
      '-c',
      'user.email=x@example.invalid',
      'commit-tree',
      tree,
      '-m',
      'orphan',
    );
    rig.git('update-ref', 'refs/heads/polecat/Slit/o', orphan);
    const result = await repo.buildChain(rig.remote, {
      base,
      links: [linkOf('polecat/Slit/o', orphan)],
      strategy: 'squash',
      candidateRef: 'refs/gastown/green/o',
    });
    expect(result).toEqual({ ok: false, link: 0, why: { fault: 'unrelated_history' } });
  });
});

describe('the answer to a push', () => {
  const ref = 'refs/heads/main';
  const answer = (line: string, stderr = ''): GitAnswer => ({
    status: 1,
    stdout: `To somewhere\n${line}\nDone\n`,
    stderr,
    timedOut: false,
  });
  test.each([
    [' \tabc:refs/heads/main\t111..222', 'yes'],
    ['=\tabc:refs/heads/main\t[up to date]', 'yes'],
    ['!\tabc:refs/heads/main\t[rejected] (stale info)', 'stale'],
    ['!\tabc:refs/heads/main\t[rejected] (fetch first)', 'stale'],
    ["!\tabc:refs/heads/main\t[remote rejected] (cannot lock ref 'refs/heads/main': is at 1 but expected 2)", 'stale'],
    ['!\tabc:refs/heads/main\t[remote rejected] (failed to update ref)', 'stale'],
    ['!\tabc:refs/heads/main\t[remote rejected] (protected branch hook declined)', 'rejected'],
    ['!\tabc:refs/heads/main\t[remote rejected] (pre-receive hook declined)', 'rejected'],
    ['!\tabc:refs/heads/main\t[remote rejected] (unpacker error)', 'unknown'],
    ['!\tabc:refs/heads/main\t[remote failure] (remote failed to report status)', 'unknown'],
    ['+\tabc:refs/heads/main\t111...222 (forced update)', 'yes'],
    ['*\tabc:refs/heads/main\t[new branch]', 'yes'],
    ['!\tabc:refs/heads/main\t[rejected] (non-fast-forward)', 'stale'],
    ['!\tabc:refs/heads/main\t[rejected] (remote ref updated since checkout)', 'stale'],
    ['!\tabc:refs/heads/main\t[rejected] (new shallow roots not allowed)', 'unknown'],
    ['!\tabc:refs/heads/main\t[remote rejected] (failed to lock)', 'stale'],
    ['!\tabc:refs/heads/main\t[remote rejected] (push declined due to repository rule violations)', 'rejected'],
    ['!\tabc:refs/heads/main\t[remote rejected] (cannot update this protected ref)', 'rejected'],
    ['!\tabc:refs/heads/main\t[remote rejected] (branch is currently checked out)', 'rejected'],
    ['!\tabc:refs/heads/main\t[remote rejected] (shallow update not allowed)', 'rejected'],
    ['!\tabc:refs/heads/main\t[remote rejected] (TF402455: Pushes to this branch are not permitted)', 'rejected'],
    ['!\tabc:refs/heads/main\t[remote rejected] (Internal Server Error)', 'unknown'],
    ['!\tabc:refs/heads/main\t[remote rejected] (failure)', 'unknown'],
    [' \tabc:refs/heads/mainline\t111..222', 'unknown'],
    ['', 'unknown'],
  ])('%j is %s', (line, pushed) => {
    expect(parsePush(ref, answer(line))).toMatchObject({ pushed });
  });

  const declined = '!\tabc:refs/heads/main\t[remote rejected] (pre-receive hook declined)';
  test.each([
    [declined, 'remote: GitLab: You are not allowed to push code to protected branches on this project.', 'rejected'],
    [declined, 'remote: error: GH006: Protected branch update failed for refs/heads/main.', 'rejected'],
    [declined, 'remote: GitLab: Could not update refs/heads/main. Please refresh and try again.', 'stale'],
    [declined, 'remote: GitLab: Internal API unreachable', 'unknown'],
    [
      '',
      "remote: Permission to a/b.git denied to c.\nfatal: unable to access '…': The requested URL returned error: 403",
      'rejected',
    ],
    ['', 'remote: Write access to repository not granted.', 'rejected'],
    ['', "fatal: unable to access '…': Could not resolve host: git.example.invalid", 'unknown'],
    ['', 'error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502', 'unknown'],
  ])('%j after %j is %s', (line, stderr, pushed) => {
    expect(parsePush(ref, answer(line, stderr))).toMatchObject({ pushed });
  });

  test('a line that says yes is not believed of a push that was killed meanwhile', () => {
    const line = ' \tabc:refs/heads/main\t111..222';
    expect(parsePush(ref, { ...answer(line), status: undefined, timedOut: true })).toMatchObject({
      pushed: 'unknown',
    });
  });
});
