/** The repository that the demo changes: a bare one of its own, made from the greenhouse or cloned from the user's. */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkRigUrl } from '../../core/rigs/add.ts';
import { Refusal } from '../gt/refusal.ts';
import { examples } from './options.ts';
import { git, run } from './process.ts';

export interface DemoRig {
  readonly name: string;
  /** The bare repository. */
  readonly path: string;
}

/** Fixed, so that every demo begins with the same commit. */
const founder = {
  GIT_AUTHOR_NAME: 'Overseer',
  GIT_AUTHOR_EMAIL: 'overseer@gastown.invalid',
  GIT_AUTHOR_DATE: '2026-01-01T06:00:00Z',
  GIT_COMMITTER_NAME: 'Overseer',
  GIT_COMMITTER_EMAIL: 'overseer@gastown.invalid',
  GIT_COMMITTER_DATE: '2026-01-01T06:00:00Z',
};
/** Nor may the user's own settings (signing, hooks, ignored files) take part in it. */
const unconfigured = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

export async function plantGreenhouse(dir: string): Promise<DemoRig> {
  const path = join(dir, 'greenhouse.git');
  const at = { GIT_DIR: path, GIT_WORK_TREE: join(examples, 'greenhouse'), ...founder, ...unconfigured };
  await git(['init', '--quiet', '--bare', '--initial-branch=main', path], unconfigured);
  await git(['add', '--all'], at);
  await git(['commit', '--quiet', '--message=A greenhouse that knows spring'], at);
  rmSync(join(path, 'index'));
  return { name: 'greenhouse', path };
}

/** Throws RIG_URL_INVALID or REPO_UNREACHABLE, as the town does. The clone forgets where it came from. */
export async function cloneBare(source: string, dir: string): Promise<DemoRig> {
  const url = checkRigUrl(source, true);
  const name = nameOf(url);
  const path = join(dir, `${name}.git`);
  await git(['clone', '--quiet', '--bare', '--', url, path]).catch((error: Error) => {
    throw new Refusal(
      'REPO_UNREACHABLE',
      `No repository answers at ${url}: ${error.message.replace(/\.?$/, '.')}`,
      'Check the path or URL, and that git ls-remote reaches it from here.',
    );
  });
  await git(['-C', path, 'remote', 'remove', 'origin']);
  await nameBranch(path);
  return { name, path };
}

/** A checkout of a bare commit, as CI makes them, has no branch to land on: the clone gets one. */
async function nameBranch(path: string): Promise<void> {
  const { status } = await run(['git', '-C', path, 'symbolic-ref', '--quiet', 'HEAD']);
  if (status === 0) return;
  const taken = await run(['git', '-C', path, 'rev-parse', '--quiet', '--verify', 'refs/heads/main']);
  const branch = taken.status === 0 ? 'gastown-demo' : 'main';
  await git(['-C', path, 'branch', '--force', branch, 'HEAD']);
  await git(['-C', path, 'symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
}

/** A rig's name from the last part of the address. */
function nameOf(url: string): string {
  const last = basename(url.replace(/\/+$/, '')).replace(/\.git$/, '');
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return name.length < 2 ? 'demo' : name;
}
