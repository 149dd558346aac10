/** A real bare repository with a work clone, for tests: branches, commits and foreign pushes in a line each. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Oid, Remote } from '../../core/ports.ts';
import { machineEnvironment } from '../../git/run.ts';

const environment = {
  ...machineEnvironment(process.env),
  HOME: tmpdir(),
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Toast',
  GIT_AUTHOR_EMAIL: 'toast@example.invalid',
  GIT_COMMITTER_NAME: 'Toast',
  GIT_COMMITTER_EMAIL: 'toast@example.invalid',
};

export interface TestRig {
  readonly dir: string;
  readonly remote: Remote;
  git(...args: string[]): string;
  /** A commit on a new or moved branch, made from `from` and pushed. `null` deletes a file. */
  commit(
    branch: string,
    files: Readonly<Record<string, string | null>>,
    options?: { from?: string; force?: boolean },
  ): Oid;
  head(branch: string): Oid | undefined;
  /** The file on a branch of the remote, as it is now. */
  show(branch: string, path: string): string | undefined;
  subjects(branch: string): readonly string[];
  hook(name: string, script: string): void;
  remove(): void;
}

export function makeTestRig(name = 'green'): TestRig {
  const dir = mkdtempSync(join(tmpdir(), 'gastown-rig-'));
  const bare = join(dir, 'origin.git');
  const work = join(dir, 'work');
  const run = (cwd: string, args: readonly string[]): string =>
    execFileSync('git', [...args], {
      cwd,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  run(dir, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  run(dir, ['init', '--quiet', '--initial-branch=main', work]);
  run(work, ['remote', 'add', 'origin', bare]);

  const attempt = (args: readonly string[]): string | undefined => {
    try {
      return run(bare, args);
    } catch {
      return undefined;
    }
  };
  const rig: TestRig = {
    dir,
    remote: { rig: name, url: bare },
    git: (...args) => run(bare, args),
    commit(branch, files, { from = 'main', force = false } = {}) {
      const start = rig.head(from);
      if (start) {
        run(work, ['fetch', '--quiet', 'origin', from]);
        run(work, ['checkout', '--quiet', '--force', '--detach', start]);
      }
      for (const [path, text] of Object.entries(files)) {
        if (text === null) rmSync(join(work, path));
        else {
          mkdirSync(dirname(join(work, path)), { recursive: true });
          writeFileSync(join(work, path), text);
        }
      }
      run(work, ['add', '--all']);
      run(work, ['commit', '--quiet', '--allow-empty', '-m', `work on ${branch}`]);
      run(work, ['push', '--quiet', ...(force ? ['--force'] : []), 'origin', `HEAD:refs/heads/${branch}`]);
      return run(work, ['rev-parse', 'HEAD']);
    },
    head: (branch) => attempt(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]),
    show: (branch, path) => attempt(['show', `refs/heads/${branch}:${path}`]),
    subjects: (branch) => run(bare, ['log', '--first-parent', '--format=%s', `refs/heads/${branch}`]).split('\n'),
    hook(hook, script) {
      const path = join(bare, 'hooks', hook);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `#!/bin/sh\n${script}\n`);
      chmodSync(path, 0o755);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
  return rig;
}
