/** The town is not believed: main is cloned afresh, searched for every bead's commit, and tested if it has one. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ConvoyView } from './convoy.ts';
import { git, run } from './process.ts';

export interface Verified {
  readonly main: string;
  readonly target: string;
  /** Beads whose commit is on main. */
  readonly landed: number;
  /** `undefined`: nothing landed, so there is nothing to test. */
  readonly green: boolean | undefined;
  /** What the gate printed, where it failed. */
  readonly output: string;
}

export async function verify(
  at: { readonly dir: string; readonly repository: string; readonly gate: string },
  convoy: ConvoyView,
): Promise<Verified> {
  const clone = join(at.dir, 'check');
  await git(['clone', '--quiet', '--', at.repository, clone]);
  const inClone = (...args: string[]) => git(['-C', clone, ...args]);
  const target = await inClone('symbolic-ref', '--short', 'HEAD');
  const main = await inClone('rev-parse', 'HEAD');
  const history = new Set((await inClone('rev-list', 'HEAD')).split('\n'));
  const landed = convoy.beads.filter(({ commit }) => commit !== undefined && history.has(commit)).length;
  if (landed === 0) {
    rmSync(clone, { recursive: true, force: true });
    return { main, target, landed, green: undefined, output: '' };
  }
  const tests = await run(['/bin/sh', '-c', at.gate], { cwd: clone, env: { CI: 'true' } });
  rmSync(clone, { recursive: true, force: true });
  return { main, target, landed, green: tests.status === 0, output: tests.stdout + tests.stderr };
}
