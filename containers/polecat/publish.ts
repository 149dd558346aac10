/** What becomes of an agent's work: everything left is committed, pushed to a new branch, and read back from the remote. */
import { existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PolecatJob } from '../../core/polecats/protocol.ts';
import { type Clone, hideUser } from './clone.ts';
import { endUser } from './confine.ts';
import { TaskFailure } from './failure.ts';
import { type GitOptions, type GitResult, git, isOid, mustGit, saying } from './git.ts';
import type { Sandbox } from './sandbox.ts';

/** The agent's work as one commit, seen from the harness's own repository. */
export interface Work {
  readonly head: string;
  readonly tree: string;
  /** Its files are not those of the start point. */
  readonly changed: boolean;
  /** It grew from the start point. */
  readonly descends: boolean;
}

const pushTimeoutMs = 5 * 60_000;
const pushTriesMax = 5;
const pushBackoffMs = 250;

/**
 * Commits what the agent left, as the agent's user and in the agent's repository, so that no setting the agent made
 * there, or in a submodule, runs with more rights than it has. Where that repository was broken, in a new one.
 */
export async function commitWork(box: Sandbox, clone: Clone, job: PolecatJob): Promise<Work> {
  const { own, work } = box;
  const { name, email } = job.author;
  const identity = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
  // A link in its place would have the harness publish what it may read and the agent may not.
  if (!lstatSync(work, { throwIfNoEntry: false })?.isDirectory())
    throw new TaskFailure('agent_failed', 'the agent removed its work tree, or put something else in its place');
  const gitDir = join(work, '.git');
  const inside: Git = (...args) =>
    git(['--git-dir', gitDir, '--work-tree', work, ...args], {
      cwd: work,
      user: box.user,
      env: { ...identity, HOME: join(box.box, 'home') },
    });
  // An agent that was killed in the middle of a git command leaves its locks. (One that broke its repository, anything.)
  if (lstatSync(gitDir, { throwIfNoEntry: false })?.isDirectory())
    for (const lock of ['index.lock', 'HEAD.lock']) rmSync(join(gitDir, lock), { recursive: true, force: true });
  const commits = () => inside(...describe('HEAD', clone.start));
  let lines = (await commitRest(inside, job, isMerging(gitDir))) ? linesOf(await commits()) : [];
  if (lines.length === 0) {
    await renew(box, clone, gitDir);
    await commitAgain(inside, clone.start, job, isMerging(gitDir));
    lines = linesOf(await commits());
  }
  // One line when both are the same commit.
  const [[head, tree, ...parents] = [], [, startTree = tree] = []] = lines;
  if (!head || !tree) throw new TaskFailure('harness_failed', 'cannot read what was committed');
  const changed = tree !== startTree;
  if (head === clone.start || parents.includes(clone.start)) return { head, tree, changed, descends: true };
  const ancestry = await git(['merge-base', '--is-ancestor', clone.start, head], { cwd: own, env: clone.readAgent });
  if (ancestry.code > 1)
    throw new TaskFailure('harness_failed', `cannot compare with the start point: ${saying(ancestry)}`);
  return { head, tree, changed, descends: ancestry.code === 0 };
}

type Git = (...args: readonly string[]) => Promise<GitResult>;

/** Commit, tree and parents of each, a line for each. */
const describe = (...names: readonly string[]): string[] => [
  'log',
  '--no-walk=unsorted',
  '--no-show-signature',
  '--format=%H %T %P',
  ...names,
  '--',
];
const linesOf = ({ code, out }: GitResult): string[][] =>
  code === 0
    ? out
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
    : [];

/** A merge is open: it is to be committed even where it changes no file. */
const isMerging = (gitDir: string): boolean => existsSync(join(gitDir, 'MERGE_HEAD'));

/** Commits what is not committed yet. False if the repository does not let us. */
async function commitRest(inside: Git, job: PolecatJob, merging: boolean): Promise<boolean> {
  const status = await inside('status', '--porcelain', '--no-renames', '--untracked-files=normal');
  if (status.code === 0 && status.out === '' && !merging) return true;
  return (await inside('add', '--all')).code === 0 && commitStaged(inside, job, merging);
}

async function commitStaged(inside: Git, job: PolecatJob, merging: boolean): Promise<boolean> {
  // What was listed may come to nothing, as a file whose time alone changed does: then there is nothing to commit.
  if (!merging && (await inside('diff-index', '--cached', '--quiet', 'HEAD', '--')).code === 0) return true;
  return (await inside('commit', '--quiet', '--no-verify', `--message=${job.commitMessage}`)).code === 0;
}

/** The agent's repository cannot be used: its files are all there is, and they are kept. Nobody may change them meanwhile. */
async function renew({ user }: Sandbox, clone: Clone, gitDir: string): Promise<void> {
  if (user) await endUser(user);
  rmSync(gitDir, { recursive: true, force: true });
  clone.makeAgents();
}

/** Into a repository as it was before the agent. What even the agent's user cannot read is left out. */
async function commitAgain(inside: Git, start: string, job: PolecatJob, merging: boolean): Promise<void> {
  await inside('read-tree', start);
  const added = await inside('add', '--all', '--ignore-errors');
  // 1 tells of files that were left out.
  if (added.code !== 0 && added.code !== 1)
    throw new TaskFailure('agent_failed', `cannot commit what the agent left: ${saying(added)}`);
  if (!(await commitStaged(inside, job, merging)))
    throw new TaskFailure('harness_failed', 'cannot commit what the agent left');
}

/**
 * Is there anything to land? Measured against the start point, and where that is an earlier attempt's branch, against
 * the place where it left the target: finished work that only had to be reported is not empty.
 */
export async function isEmpty(box: Sandbox, clone: Clone, { tree, changed }: Work): Promise<boolean> {
  if (clone.start === clone.targetTip) return !changed;
  const options: GitOptions = { cwd: box.own, env: clone.readAgent };
  const base = await git(['merge-base', clone.start, clone.targetTip], options);
  const against = base.code === 0 ? base.out.trim() : clone.targetTip;
  const baseTree = await mustGit(['rev-parse', `${against}^{tree}`], options, 'cannot compare with the target');
  return tree === baseTree.trim();
}

/**
 * Pushes the commit to a branch that must be new, or be where this attempt has pushed it, and reads it back. Throws
 * `TaskFailure` if the remote does not hold it.
 */
export async function push(box: Sandbox, clone: Clone, branch: string, head: string, was?: string): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const env = { ...clone.readAgent, ...(await clone.access()) };
  const options: GitOptions = { cwd: box.own, timeoutMs: pushTimeoutMs, env, reachesOut: true };
  // What is expected to be there, or nothing at all: the remote checks it in the same step.
  const args = [
    ...pushTo(clone),
    '--porcelain',
    '--no-verify',
    `--force-with-lease=${ref}:${was ?? ''}`,
    '--',
    clone.url,
    `${head}:${ref}`,
  ];
  for (let tries = 1; ; tries += 1) {
    const result = await git(args, options);
    const there = await readBranch(clone, ref, options);
    if (there === head) return;
    const refused = result.out.split('\n').find((line) => line.startsWith('!'));
    if (refused !== undefined && there !== undefined && there !== was) {
      throw new TaskFailure(
        'harness_failed',
        `the branch ${branch} is on the remote already, at ${there}; ours is ${head}`,
      );
    }
    if (refused !== undefined || tries >= pushTriesMax) {
      const said = [refused, saying(result)].filter((line) => line).join('\n');
      throw new TaskFailure('harness_failed', `${hideUser(clone.url)} did not take the branch ${branch}: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pushBackoffMs * 2 ** tries));
  }
}

/**
 * Far away, the remote is asked which commits it has, or everything would be sent once its branches have moved on. On
 * this machine it is spared the look for garbage after each push.
 */
const pushTo = ({ remoteDir }: Clone): string[] =>
  remoteDir === undefined
    ? ['-c', 'push.negotiate=true', 'push']
    : ['push', '--receive-pack=git -c receive.autogc=false receive-pack'];

/** The branch as the remote has it now; absent also when the remote does not answer. */
async function readBranch(clone: Clone, ref: string, options: GitOptions): Promise<string | undefined> {
  const loose = clone.remoteDir === undefined ? undefined : readIfThere(join(clone.remoteDir, ref));
  if (loose !== undefined && isOid(loose)) return loose;
  const result = await git(['ls-remote', '--refs', '--', clone.url, ref], options);
  const line = result.out.split('\n').find((text) => text.endsWith(`\t${ref}`));
  return line?.split('\t')[0];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
