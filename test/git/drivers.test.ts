import { appendFileSync, chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeGitRepo } from '../../git/repo.ts';
import { makeTestRig, type TestRig } from './rig.ts';

const author = { name: 'Toast', email: 'toast@example.invalid', at: Date.UTC(2026, 0, 1) };

const configOf = (settings: readonly [string, string][]): string =>
  settings
    .map(([name, value]) => {
      const [section, ...rest] = name.split('.');
      const [key, sub] = [rest.at(-1), rest.length > 1 ? ` "${rest[0]}"` : ''];
      return `[${section}${sub}]\n\t${key} = "${value.replaceAll('"', '\\"')}"\n`;
    })
    .join('');

/** Every place where git would run a program of a repository's choice, each leaving a mark if it does. */
describe('nothing of a repository is ever run', () => {
  let rig: TestRig;
  const home = process.env.HOME;
  beforeEach(() => {
    rig = makeTestRig();
    process.env.HOME = join(rig.dir, 'home');
  });
  afterEach(() => {
    process.env.HOME = home;
    rig.remove();
  });
  const marks = () => readdirSync(join(rig.dir, 'marks'));

  /** Puts configuration for each kind of program where a machine's owner, or the remote itself, might have it. */
  function plantPrograms(): void {
    mkdirSync(join(rig.dir, 'marks'));
    const program = (name: string) => `touch ${join(rig.dir, 'marks', name)}; cat`;
    const settings: [string, string][] = [
      ['merge.evil.driver', program('merge')],
      ['merge.default', 'evil'],
      ['diff.evil.command', program('diff')],
      ['diff.evil.textconv', program('textconv')],
      ['diff.external', program('diff-external')],
      ['filter.evil.clean', program('clean')],
      ['filter.evil.smudge', program('smudge')],
      ['filter.evil.process', program('process')],
      ['core.fsmonitor', program('fsmonitor')],
      ['core.pager', program('pager')],
      ['core.sshCommand', program('ssh')],
      ['core.attributesFile', join(rig.dir, 'attributes')],
      ['gpg.program', program('gpg')],
      ['commit.gpgSign', 'true'],
      ['push.gpgSign', 'if-asked'],
      ['credential.helper', `!${program('credential')}`],
      ['core.hooksPath', join(rig.dir, 'hooks')],
    ];
    mkdirSync(join(rig.dir, 'hooks'));
    for (const hook of ['pre-commit', 'post-commit', 'pre-push', 'post-merge', 'post-checkout', 'pre-auto-gc']) {
      writeFileSync(join(rig.dir, 'hooks', hook), `#!/bin/sh\ntouch ${join(rig.dir, 'marks', hook)}\n`);
      chmodSync(join(rig.dir, 'hooks', hook), 0o755);
    }
    writeFileSync(join(rig.dir, 'attributes'), '* merge=evil diff=evil filter=evil\n');
    mkdirSync(join(rig.dir, 'home', '.config', 'git'), { recursive: true });
    writeFileSync(join(rig.dir, 'home', '.config', 'git', 'attributes'), '* merge=union\n');
    writeFileSync(join(rig.dir, 'home', '.gitconfig'), configOf(settings));
    // The remote's own hooks are its rules, and do run.
    const there = settings.filter(([name]) => name !== 'core.hooksPath');
    appendFileSync(join(rig.remote.url, 'config'), configOf(there));
  }

  test.each([
    ['a path', ''],
    ['a URL', 'file://'],
  ])('on %s: no driver, filter, hook or helper', async (_, scheme) => {
    const attributes = '* merge=evil diff=evil filter=evil\n*.txt merge=union\n';
    rig.commit('main', { '.gitattributes': attributes, 'a.txt': 'one\n', '.githooks/pre-push': 'exit 1\n' });
    const head = rig.commit('polecat/Toast/a', { 'a.txt': 'mine\n' });
    const other = rig.commit('polecat/Slit/b', { 'b.txt': 'other\n' });
    const base = rig.commit('main', { 'a.txt': 'theirs\n' });
    plantPrograms();
    rig.git('config', 'uploadpack.allowFilter', 'true');
    const remote = { ...rig.remote, url: `${scheme}${rig.remote.url}` };
    const repo = makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock: { now: () => 0 } });
    const link = (branch: string, at: string) => ({ branch, head: at, message: 'x\n', author });
    const links = [link('polecat/Toast/a', head), link('polecat/Slit/b', other)];
    const request = { base, links, candidateRef: 'refs/gastown/green/c1', onFault: 'leave_out' } as const;
    for (const strategy of ['squash', 'rebase', 'merge'] as const) {
      // The union that .gitattributes asks for would have joined both lines without a conflict.
      expect(await repo.buildChain(remote, { ...request, strategy })).toMatchObject({
        commits: [{}],
        leftOut: [{ link: 0, why: { fault: 'conflict', paths: ['a.txt'], with: 'base' } }],
      });
    }
    expect(await repo.conflictOf(remote, { base, head })).toMatchObject({
      headDiff: expect.stringContaining('+mine'),
    });
    await repo.changedPaths(remote, { base, heads: [head, other] });
    await repo.inspectResolution(remote, { base, head, resolved: other });
    const to = (await repo.readRef(remote, 'refs/gastown/green/c1')) ?? '';
    const landing = { ref: 'refs/heads/main', from: base, to, timeoutMs: 30_000 };
    expect(await repo.pushWithLease(remote, landing)).toEqual({ pushed: 'yes' });
    await repo.deleteRefs(remote, ['refs/gastown/green/c1']);
    expect(marks()).toEqual([]);
    // The marks are no idle threat: git itself, left to its own, runs what is planted.
    expect(() => rig.git('diff', '--ext-diff', head, base)).toThrow();
    expect(marks()).not.toEqual([]);
  });
});
