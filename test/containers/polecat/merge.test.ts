import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { git, jobFor, type Rig, Yard } from './rig.ts';

// A slow machine fails with the claim that did not hold, not with the runner's own time limit.
jest.setTimeout(90_000);

const yard = new Yard();

interface Fork {
  readonly rig: Rig;
  /** The author's commit, and the target's, which conflict in `src/one.txt` alone. */
  readonly head: string;
  readonly base: string;
}

/** `far`: under a URL, so that the harness fetches as from another machine. */
function forked(name: string, far: boolean): Fork {
  const rig = yard.makeRig(name);
  const work = join(yard.dir, `${name}-fork`);
  git(yard.dir, 'clone', '--quiet', rig.url, work);
  const commit = (who: string): string => {
    for (const path of ['src/one.txt', `${who}.txt`]) writeFileSync(join(work, path), `${who}\n`);
    git(work, 'add', '--all');
    git(work, '-c', 'user.name=A', '-c', 'user.email=a@b.invalid', 'commit', '--quiet', `--message=${who}`);
    return git(work, 'rev-parse', 'HEAD');
  };
  git(work, 'checkout', '--quiet', '-b', 'author', 'origin/main');
  const head = commit('author');
  git(work, 'checkout', '--quiet', '-b', 'other', 'origin/main');
  commit('main');
  // Further back than a shallow clone would reach.
  execFileSync('sh', ['-c', 'for i in $(seq 60); do git commit -q --allow-empty -m $i; done'], {
    cwd: work,
    env: {
      ...process.env,
      GIT_AUTHOR_NAME: 'A',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'A',
      GIT_COMMITTER_EMAIL: 'a@b',
    },
  });
  git(work, 'push', '--quiet', 'origin', 'author', 'other:main');
  const base = git(work, 'rev-parse', 'HEAD');
  return { rig: far ? { ...rig, url: `file://localhost${rig.url}` } : rig, head, base };
}

const resolution = (fork: Fork, script: string, merge = fork.base) =>
  jobFor(fork.rig, script, { startFrom: fork.head, merge });

const parentsOf = (fork: Fork, branch: string): string =>
  git(fork.rig.url.replace('file://localhost', ''), 'log', '-1', '--format=%P', branch);

beforeAll(() => yard.open());
afterAll(() => yard.close());

describe.each([
  ['a remote on this machine', false],
  ['a remote far away', true],
])('a job that resolves a conflict, on %s', (_where, far) => {
  let fork: Fork;
  beforeAll(() => {
    fork = forked(`fork-${far ? 'far' : 'near'}`, far);
  });

  test('leaves the open merge to its agent, and commits what the agent made of it as that merge', async () => {
    const script = [
      'test "$(git diff --name-only --diff-filter=U)" = src/one.txt',
      'grep -q "<<<<<<<" src/one.txt && test -e author.txt && test -e main.txt',
      'test -n "$(git log --merge --format=%s | grep author)"',
      'echo both > src/one.txt',
    ].join('\n');
    const job = resolution(fork, script);
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'completed' });
    expect(parentsOf(fork, job.branch)).toBe(`${fork.head} ${fork.base}`);
  });

  test('commits the merge too when its agent kept its own side alone', async () => {
    const job = resolution(fork, 'git checkout -q --ours src/one.txt; git rm -q --cached main.txt; rm main.txt');
    await expect(yard.polecat(job)).resolves.toMatchObject({ status: 'completed' });
    expect(parentsOf(fork, job.branch)).toBe(`${fork.head} ${fork.base}`);
  });

  test('takes an agent’s own merge commit as it is', async () => {
    const job = resolution(fork, 'echo both > src/one.txt; git add -A; git commit -qm "Mine"');
    await expect(yard.polecat(job)).resolves.toMatchObject({ status: 'completed' });
    expect(parentsOf(fork, job.branch)).toBe(`${fork.head} ${fork.base}`);
  });

  test('keeps the merge when the agent has broken its repository', async () => {
    const job = resolution(fork, 'echo both > src/one.txt; rm -rf .git/HEAD .git/objects');
    await expect(yard.polecat(job)).resolves.toMatchObject({ status: 'completed' });
    expect(parentsOf(fork, job.branch)).toBe(`${fork.head} ${fork.base}`);
  });

  test('shows that the agent gave the merge up: what it pushes has one parent', async () => {
    const job = resolution(fork, 'git merge --abort; echo mine > src/one.txt');
    await expect(yard.polecat(job)).resolves.toMatchObject({ status: 'completed' });
    expect(parentsOf(fork, job.branch)).toBe(fork.head);
  });

  test('fails when the target does not have the commit any more', async () => {
    const report = await yard.polecat(resolution(fork, 'true', 'f'.repeat(40)));
    expect(report).toMatchObject({ status: 'failed', cause: 'harness_failed' });
    expect(report).toHaveProperty('detail', expect.stringContaining(`cannot merge ${'f'.repeat(40)}`));
  });
});
