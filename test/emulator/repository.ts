/** A bare repository with one commit, as a user would connect it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Repository {
  readonly bare: string;
  git(...args: readonly string[]): string;
}

export function makeRepository(dir: string, name: string): Repository {
  const bare = path.join(dir, `${name}.git`);
  const seed = path.join(dir, `${name}-seed`);
  const run = (where: string, args: readonly string[]): string =>
    execFileSync('git', ['-C', where, '-c', 'user.name=Ann', '-c', 'user.email=ann@example.invalid', ...args], {
      encoding: 'utf8',
    }).trim();
  mkdirSync(seed, { recursive: true });
  run(dir, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  run(bare, ['config', 'http.receivepack', 'true']);
  run(seed, ['init', '--quiet', '--initial-branch=main']);
  writeFileSync(path.join(seed, 'README.md'), `${name}\n`);
  run(seed, ['add', '.']);
  run(seed, ['commit', '--quiet', '-m', 'Begin']);
  run(seed, ['push', '--quiet', bare, 'main']);
  return { bare, git: (...args) => run(bare, args) };
}
