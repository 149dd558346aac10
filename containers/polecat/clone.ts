/**
 * A fresh clone in two parts: the harness's own bare repository, which no agent can configure, fetches and pushes;
 * the agent's repository and work tree borrow its objects. On the same machine the remote's objects are borrowed
 * instead of copied. The repositories' few files are written directly: `git init` and `git clone` cost more than a bead.
 */
import { chownSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Access } from './credential.ts';
import { TaskFailure } from './failure.ts';
import { checkRef, checkUrl, fullRef, git, isOid, localPath, mustGit, saying } from './git.ts';
import type { Interrupt } from './interrupt.ts';
import type { Sandbox } from './sandbox.ts';

export interface CloneRequest {
  readonly url: string;
  readonly access: Access;
  /** Branch, full ref or commit. */
  readonly start: string;
  /** The branch that the work is for; its tip is known to the agent as `origin/<target>`. */
  readonly target: string | undefined;
  /** The branch that the target is made from, for as long as the remote does not have it. */
  readonly targetBase?: string;
  /** Branch to be on; detached when absent. */
  readonly branch: string | undefined;
  /** Check out this commit, which `start` must hold, instead of `start` itself. */
  readonly commit?: string;
  /** Merge this commit of `target` in, and leave the merge open: what conflicts is in the work tree and in the index. */
  readonly merge?: string;
}

export interface Clone {
  readonly start: string;
  readonly targetTip: string;
  readonly url: string;
  readonly access: Access;
  /** The remote's own directory, where that is on this machine and its objects were borrowed. */
  readonly remoteDir: string | undefined;
  /** Reads what the agent committed from the harness's own repository. */
  readonly readAgent: Readonly<Record<string, string>>;
  /** Makes the agent's repository, where there is none, as it was before the agent: without an index. */
  readonly makeAgents: () => void;
}

const depth = 50;
const fetchTimeoutMs = 10 * 60_000;
const fetchTriesMax = 3;
const fetchBackoffMs = 500;

export async function makeClone(box: Sandbox, request: CloneRequest, interrupt: Interrupt): Promise<Clone> {
  checkUrl(request.url);
  for (const name of [request.start, request.target, request.targetBase, request.branch])
    if (name !== undefined) checkRef(name, 'the ref');
  const there = await onRemote(box, request);
  const found = (await borrow(box, there)) ?? (await fetch(box, there, interrupt));
  const { own, work } = box;
  const commit = request.commit ?? found.start;
  const makeAgents = (): void => {
    writeRepository(
      join(work, '.git'),
      {
        sha256: commit.length === 64,
        bare: false,
        alternates: [found.objects],
        refs: {
          ...(request.branch === undefined ? {} : { [fullRef(request.branch)]: commit }),
          ...(request.target === undefined ? {} : { [`refs/remotes/origin/${request.target}`]: found.targetTip }),
        },
        ...(request.merge === undefined ? {} : { mergeHead: request.merge }),
        head: request.branch === undefined ? commit : `ref: ${fullRef(request.branch)}`,
      },
      box,
    );
    if (existsSync(join(own, 'shallow'))) copyFileSync(join(own, 'shallow'), join(work, '.git', 'shallow'));
  };
  makeAgents();
  await mustGit(
    ['reset', '--hard', '--quiet'],
    { cwd: work, user: box.user, env: { HOME: join(box.box, 'home') } },
    'cannot check out',
  );
  if (request.merge !== undefined) await mergeIn(box, request.merge);
  return {
    start: found.start,
    targetTip: found.targetTip,
    url: request.url,
    access: request.access,
    remoteDir: found.remoteDir,
    // Quoted: a colon would divide the path in two.
    readAgent: { GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(join(work, '.git', 'objects')) },
    makeAgents,
  };
}

/** The branches to read: those that were asked for, or what stands in for a target that is not there yet. */
async function onRemote(box: Sandbox, request: CloneRequest): Promise<CloneRequest> {
  const { target, targetBase, start, url } = request;
  if (target === undefined || targetBase === undefined) return request;
  const args = ['ls-remote', '--exit-code', '--', url, fullRef(target)];
  const env = await request.access();
  const { code } = await git(args, { cwd: box.root, timeoutMs: fetchTimeoutMs, env, reachesOut: true });
  // Anything but "no such branch" is for the fetch to meet, and to explain.
  if (code !== 2) return request;
  return { ...request, target: targetBase, start: start === target ? targetBase : start };
}

/** Status 1 says that there are conflicts. Nothing of it needs the network: a submodule is only a commit's name here. */
async function mergeIn({ work, box, user }: Sandbox, commit: string): Promise<void> {
  if (!isOid(commit)) throw new TaskFailure('harness_failed', `${JSON.stringify(commit)} is not a commit's id`);
  const args = ['-c', 'merge.conflictStyle=diff3', 'merge', '--no-commit', '--no-ff', '--quiet', commit];
  const result = await git(args, { cwd: work, user, env: { HOME: join(box, 'home'), ...mergeIdentity } });
  const opened = result.code === 1 && existsSync(join(work, '.git', 'MERGE_HEAD'));
  if (result.code !== 0 && !opened)
    throw new TaskFailure('harness_failed', `cannot merge ${commit}: ${saying(result)}`);
}

/** Git asks who merges before it knows that nothing is to be committed. */
const mergeIdentity = { GIT_COMMITTER_NAME: 'gastown', GIT_COMMITTER_EMAIL: 'harness@gastown.invalid' };

interface Found {
  readonly start: string;
  readonly targetTip: string;
  /** The directory of objects to borrow. */
  readonly objects: string;
  readonly remoteDir?: string;
}

const commits = (...names: readonly string[]): string[] => names.map((name) => `${name}^{commit}`);

/** A remote on this machine: nothing is fetched. Not under another user, who could not read it. */
async function borrow(box: Sandbox, request: CloneRequest): Promise<Found | undefined> {
  const path = localPath(request.url);
  if (path === undefined || box.user) return undefined;
  const start = isOid(request.start) ? request.start : fullRef(request.start);
  const target = request.target === undefined ? start : fullRef(request.target);
  const questions = ['--path-format=absolute', '--git-common-dir', '--is-shallow-repository'];
  const answer = await git(['rev-parse', ...questions, ...commits(start, target)], { cwd: path });
  const [common, shallow, oid, tip] = answer.out.split('\n');
  // Whatever is unusual (no such ref, a shallow or foreign repository) is fetched, and explained there.
  if (answer.code !== 0 || !common || !oid || !tip || shallow !== 'false') return undefined;
  const objects = join(common, 'objects');
  writeRepository(box.own, {
    sha256: oid.length === 64,
    bare: true,
    alternates: [objects],
    refs: {},
    head: 'ref: refs/heads/none',
  });
  return { start: oid, targetTip: tip, objects, remoteDir: common };
}

async function fetch(box: Sandbox, request: CloneRequest, interrupt: Interrupt): Promise<Found> {
  const { own } = box;
  writeRepository(own, {
    sha256: request.start.length === 64 && isOid(request.start),
    bare: true,
    alternates: [],
    refs: {},
    head: 'ref: refs/heads/none',
  });
  const source = isOid(request.start) ? request.start : fullRef(request.start);
  const refspecs = [`+${source}:refs/gastown/start`];
  if (request.target !== undefined) refspecs.push(`+${fullRef(request.target)}:refs/gastown/target`);
  const args = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    // The history back to where the two parted; how far that is, nobody knows before.
    ...(request.merge === undefined ? [`--depth=${depth}`] : []),
    '--',
    request.url,
    ...refspecs,
  ];
  const env = await request.access();
  for (let tries = 1; ; tries += 1) {
    const result = await git(args, { cwd: own, timeoutMs: fetchTimeoutMs, env, reachesOut: true });
    if (result.code === 0) break;
    if (tries >= fetchTriesMax || interrupt.current || isFinal(result.error)) {
      throw new TaskFailure(
        'harness_failed',
        `cannot fetch ${source} from ${hideUser(request.url)}: ${saying(result)}`,
      );
    }
    await interrupt.sleep(fetchBackoffMs * 2 ** tries);
  }
  const target = request.target === undefined ? 'refs/gastown/start' : 'refs/gastown/target';
  const out = await mustGit(
    ['rev-parse', ...commits('refs/gastown/start', target)],
    { cwd: own },
    'cannot read what was fetched',
  );
  const [start = '', targetTip = ''] = out.split('\n');
  return { start, targetTip, objects: join(own, 'objects') };
}

/** Asking again changes nothing. */
const isFinal = (error: string): boolean =>
  /not found|does not exist|does not appear to be a git repository|couldn't find remote ref|not our ref|could not read Username|Authentication failed|Permission denied|dubious ownership/i.test(
    error,
  );

export const hideUser = (url: string): string => url.replace(/^(\w+:\/\/)[^@/]*@/, '$1');

interface Repository {
  readonly sha256: boolean;
  readonly bare: boolean;
  readonly alternates: readonly string[];
  readonly refs: Readonly<Record<string, string>>;
  readonly head: string;
  /** The next commit is a merge with this one. */
  readonly mergeHead?: string;
}

/** What `git init` would make, without its samples. Given to the agent's user when `box` is given. */
function writeRepository(path: string, repository: Repository, box?: Sandbox): void {
  const user = box?.user;
  const give = (made: string): void => {
    if (user) chownSync(made, user.uid, user.gid);
  };
  const makeDirectory = (directory: string): void => {
    if (existsSync(directory)) return;
    makeDirectory(dirname(directory));
    mkdirSync(directory);
    give(directory);
  };
  const write = (name: string, content: string): void => {
    const file = join(path, name);
    makeDirectory(dirname(file));
    writeFileSync(file, content);
    give(file);
  };
  const format = repository.sha256 ? '1\n[extensions]\n\tobjectformat = sha256\n[core]' : '0';
  write('config', `[core]\n\trepositoryformatversion = ${format}\n\tfilemode = true\n\tbare = ${repository.bare}\n`);
  write('HEAD', `${repository.head}\n`);
  if (repository.mergeHead !== undefined) write('MERGE_HEAD', `${repository.mergeHead}\n`);
  write('objects/info/alternates', repository.alternates.map((directory) => `${directory}\n`).join(''));
  makeDirectory(join(path, 'refs'));
  for (const [ref, oid] of Object.entries(repository.refs)) write(ref, `${oid}\n`);
}
