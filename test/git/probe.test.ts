import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeGitRepo } from '../../git/repo.ts';
import { realClock } from '../../local/clock.ts';

const dir = mkdtempSync(join(tmpdir(), 'gastown-probe-'));
const work = join(dir, 'work');
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@localhost', ...args], { cwd, encoding: 'utf8' });
const probe = (url: string) => makeGitRepo({ cacheDir: join(dir, 'cache'), clock: realClock }).probe({ rig: 'r', url });

beforeAll(() => {
  git(dir, 'init', '-q', '-b', 'trunk', work);
  writeFileSync(join(work, 'a'), 'a\n');
  git(work, 'add', '.');
  git(work, 'commit', '-qm', 'Start');
  git(dir, 'clone', '-q', '--bare', work, 'bare.git');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('probing a local repository', () => {
  test('a bare one has nothing checked out', async () => {
    expect(await probe(join(dir, 'bare.git'))).toEqual({ defaultBranch: 'trunk', head: expect.any(String) });
  });

  test('one with a work tree says which branch git would refuse to move', async () => {
    expect((await probe(work)).checkedOut).toBe('trunk');
  });

  test('unless that repository allows it', async () => {
    git(work, 'config', 'receive.denyCurrentBranch', 'updateInstead');
    expect((await probe(work)).checkedOut).toBeUndefined();
  });
});
