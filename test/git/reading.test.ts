import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Repo } from '../../core/ports.ts';
import { makeGitRepo } from '../../git/repo.ts';
import { makeTestRig, type TestRig } from './rig.ts';

describe('reading what a repository may hold', () => {
  let rig: TestRig;
  let repo: Repo;
  beforeEach(() => {
    rig = makeTestRig();
    repo = makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock: { now: () => 0 } });
  });
  afterEach(() => rig.remove());

  test('links and other repositories are told apart, and a name that is no UTF-8 stands as git quotes it', async () => {
    const first = rig.plant('main', [{ path: 'a', content: 'a' }], []);
    const commit = rig.plant(
      'main',
      [
        { path: 'link', content: '/etc/passwd', mode: '120000' },
        { path: 'module', content: first, mode: '160000' },
        { path: Buffer.from([0x66, 0xff]), content: 'x' },
        { path: 'tab\there', content: 'x' },
      ],
      [first],
    );
    const tree = await repo.readTree(rig.remote, commit);
    expect(tree?.entries.map(({ path, is }) => `${is} ${path}`)).toEqual([
      'file a',
      'file "f\\377"',
      'link link',
      'module module',
      'file tab\there',
    ]);
  });

  test('a symbolic link reads as its target’s name; what is binary, too large or not UTF-8 is told', async () => {
    const first = rig.plant('main', [{ path: 'a', content: 'a' }], []);
    const commit = rig.plant(
      'main',
      [
        { path: 'link', content: '/etc/passwd', mode: '120000' },
        { path: 'module', content: first, mode: '160000' },
        { path: 'binary', content: Buffer.from([1, 0, 2]) },
        { path: 'latin1', content: Buffer.from([0x66, 0xfc, 0x72]) },
        { path: 'huge', content: 'x'.repeat(1024 * 1024 + 1) },
        { path: 'dir/file', content: 'y' },
      ],
      [first],
    );
    const paths = ['link', 'module', 'binary', 'latin1', 'huge', 'dir', 'dir/file', 'none'];
    expect(await repo.readFiles(rig.remote, { commit, paths })).toEqual([
      { is: 'text', text: '/etc/passwd' },
      { is: 'binary' },
      { is: 'binary' },
      { is: 'text', text: 'f\ufffdr' },
      { is: 'too_large' },
      { is: 'binary' },
      { is: 'text', text: 'y' },
      { is: 'missing' },
    ]);
  });
});
