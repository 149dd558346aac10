/** The same deeds in a real bare repository: one `git fast-import` for as many as one likes. */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Oid } from '../../../core/ports.ts';
import { machineEnvironment } from '../../../git/run.ts';
import type { Deed } from './histories.ts';
import type { Commit, Person } from './objects.ts';

const nowhere = '0'.repeat(40);
const scratch = 'refs/import/scratch';

const run = (cwd: string, args: readonly string[], input = ''): string =>
  execFileSync('git', [...args], {
    cwd,
    input,
    encoding: 'utf8',
    env: { ...machineEnvironment(process.env), GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
  });

export function makeBare(dir: string): void {
  run('/', ['init', '--quiet', '--bare', '--template=', dir]);
  // A push is not to look for garbage, nor to wait for the disk.
  appendFileSync(join(dir, 'config'), '[receive]\n\tautogc = false\n[core]\n\tfsync = none\n');
}

export const refsOf = (dir: string): ReadonlyMap<string, Oid> =>
  new Map(
    run(dir, ['for-each-ref', '--format=%(refname) %(objectname)'])
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, Oid]),
  );

export function doInGit(dir: string, deeds: readonly Deed[]): void {
  const marks = new Map<Commit, string>();
  const nameOf = (commit: Commit): string => marks.get(commit) ?? commit.oid;
  const lines = ['feature done'];
  for (const { ref, to, made } of deeds) {
    if (made) {
      const mark = `:${marks.size + 1}`;
      const [first, ...others] = made.parents;
      lines.push(`reset ${scratch}`, `commit ${scratch}`, `mark ${mark}`);
      lines.push(`author ${person(made.author)}`, `committer ${person(made.author)}`, `data ${data(made.message)}`);
      if (first) lines.push(`from ${nameOf(first)}`, ...others.map((parent) => `merge ${nameOf(parent)}`));
      for (const [path, text] of Object.entries(made.files))
        lines.push(text === null ? `D ${path}` : `M 100644 inline ${path}\ndata ${data(text)}`);
      marks.set(made.commit, mark);
    }
    lines.push(`reset ${ref}`, `from ${to ? nameOf(to) : nowhere}`, '');
  }
  lines.push(`reset ${scratch}`, `from ${nowhere}`, '', 'done', '');
  run(dir, ['-c', 'fastimport.unpackLimit=100000', 'fast-import', '--quiet', '--force'], lines.join('\n'));
}

const person = ({ name, email, at }: Person): string => `${name} <${email}> ${at / 1000} +0000`;
const data = (text: string): string => `${Buffer.byteLength(text)}\n${text}`;
