/** A real work tree in which an example's scripts are run by hand, as the shell agent would: `sh -eu`, then a commit. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { PlannedBead } from '../../core/convoys/plan.ts';
import { planChecklist } from '../../core/intents/plan-checklist.ts';
import { limits } from '../../core/limits.ts';

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

interface Workshop {
  readonly dir: string;
  sh(command: string): Ran;
  /** The bead's own script. */
  work(bead: PlannedBead): Ran;
  commit(message: string): void;
}

const environment = {
  PATH: process.env.PATH ?? '',
  HOME: tmpdir(),
  LC_ALL: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Toast',
  GIT_AUTHOR_EMAIL: 'toast@example.invalid',
  GIT_COMMITTER_NAME: 'Toast',
  GIT_COMMITTER_EMAIL: 'toast@example.invalid',
};

/** The example's beads, needs first. Throws if the checklist has a fault. */
export function beadsOf(example: string): PlannedBead[] {
  const text = readFileSync(resolve('examples', example), 'utf8');
  const planned = planChecklist(text, limits, { rig: 'green', rigs: ['green'], runtime: 'shell' });
  if ('faults' in planned) throw new Error(JSON.stringify(planned.faults, null, 2));
  const left = [...planned.plan.beads];
  const ordered: PlannedBead[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ needs }) => needs.every((need) => ordered.some(({ name }) => name === need)));
    ordered.push(...left.splice(next, 1));
  }
  return ordered;
}

/** Begins with these files, or with those of a directory, in one commit. */
export function openWorkshop(files: string | Readonly<Record<string, string>>): Workshop & { remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'gastown-example-'));
  const dir = join(root, 'work');
  mkdirSync(dir);
  // The scripts only rest for those who watch.
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin', 'sleep'), '#!/bin/sh\n');
  chmodSync(join(root, 'bin', 'sleep'), 0o755);
  const env = { ...environment, PATH: `${join(root, 'bin')}:${environment.PATH}` };

  if (typeof files === 'string') cpSync(files, dir, { recursive: true });
  else
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, env, stdio: 'pipe' });
  const shell = (args: readonly string[], input = ''): Ran => {
    const { status, stdout, stderr } = spawnSync('sh', args, { cwd: dir, env, input, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };
  const workshop = {
    dir,
    sh: (command: string) => shell(['-c', command]),
    work: (bead: PlannedBead) => shell(['-eu'], bead.script),
    commit(message: string) {
      git('add', '--all');
      git('commit', '--quiet', '--message', message);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  git('init', '--quiet', '--initial-branch=main');
  workshop.commit('The beginning');
  return workshop;
}
