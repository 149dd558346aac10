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

/** What a commit does to one path. A path is text, or bytes where it is no UTF-8. */
export interface Planted {
  readonly path: string | Buffer;
  readonly mode?: '100644' | '100755' | '120000' | '160000';
  /** Of a submodule the commit; of a symlink where it points; nothing to delete the path, with all below it. */
  readonly content: string | Buffer | null;
}

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
  /** A commit of anything, on these parents, to which the branch is then moved. */
  plant(branch: string, files: readonly Planted[], parents: readonly Oid[]): Oid;
  head(branch: string): Oid | undefined;
  /** The file on a branch of the remote, as it is now. */
  show(branch: string, path: string): string | undefined;
  subjects(branch: string): readonly string[];
  hook(name: string, script: string): void;
  remove(): void;
}

const data = (content: string | Buffer): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')]);
};

const quoted = (path: string | Buffer): string => {
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, '0')}`;
  return `"${[...Buffer.from(path)].map((byte) => (/[\w./]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : octal(byte))).join('')}"`;
};

/** The language of `git fast-import`, which makes a commit in one process and without a work tree. */
function importOf(branch: string, files: readonly Planted[], parents: readonly Oid[]): Buffer {
  const lines: (string | Buffer)[] = [
    `commit refs/heads/${branch}\nmark :1\n`,
    `committer Toast <toast@example.invalid> ${Math.floor(Date.now() / 1000)} +0000\n`,
    data(`work on ${branch}`),
    ...parents.map((parent, i) => `${i === 0 ? 'from' : 'merge'} ${parent}\n`),
  ];
  for (const { path, mode = '100644', content } of files) {
    if (content === null) lines.push(`D ${quoted(path)}\n`);
    else if (mode === '160000') lines.push(`M ${mode} ${content.toString()} ${quoted(path)}\n`);
    else lines.push(`M ${mode} inline ${quoted(path)}\n`, data(content));
  }
  return Buffer.concat([...lines, '\nget-mark :1\n'].map((line) => Buffer.from(line)));
}

export function makeTestRig(name = 'green', format: 'sha1' | 'sha256' = 'sha1'): TestRig {
  const dir = mkdtempSync(join(tmpdir(), 'gastown-rig-'));
  const bare = join(dir, 'origin.git');
  const run = (cwd: string, args: readonly string[], input: Buffer | '' = ''): string =>
    execFileSync('git', [...args], {
      cwd,
      env: environment,
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    }).trim();
  run(dir, ['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, bare]);

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
      const planted = Object.entries(files).map(([path, content]) => ({ path, content }));
      const args = ['fast-import', '--quiet', ...(force ? ['--force'] : [])];
      return run(bare, args, importOf(branch, planted, start ? [start] : []));
    },
    plant: (branch, files, parents) =>
      run(bare, ['fast-import', '--quiet', '--force'], importOf(branch, files, parents)),
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
