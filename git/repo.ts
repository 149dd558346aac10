/** The `Repo` port over the git binary: serves AWS and the laptop alike. */
import { defined } from '../core/defined.ts';
import { PortRefused, RepoUnreachable } from '../core/errors.ts';
import type { Clock, Oid, Remote, Repo } from '../core/ports.ts';
import { containedIn, isAncestor } from './ancestry.ts';
import { type Cache, fail, makeCaches } from './cache.ts';
import { buildChain } from './chain.ts';
import { changedPaths } from './changed-paths.ts';
import { conflictOf } from './conflict.ts';
import { credentialEnvironment, type GitCredential, takesCredential } from './credential-environment.ts';
import { ensure } from './fetch.ts';
import { checkOid, checkRef, checkUrl, isIntegration, isOwn } from './names.ts';
import { createBranch, deleteRefs, pushWithLease } from './push.ts';
import { inspectResolution } from './resolution.ts';
import { type GitAnswer, machineEnvironment, type RunGit, runGit } from './run.ts';
import { gitDirOf, listArgs } from './same-disk.ts';

export interface GitRepoOptions {
  /** Bare caches go here; safe to delete at any time when nothing runs. */
  readonly cacheDir: string;
  readonly clock: Pick<Clock, 'now'>;
  /** A short-lived credential for an https remote; asked for before each call. */
  readonly credential?: (remote: Remote) => Promise<GitCredential | undefined>;
  /** Who starts git; by default this process. */
  readonly run?: RunGit;
  /** Any one git process but a landing push, which brings its own deadline. */
  readonly timeoutMs?: number;
}

const processTimeoutMs = 120_000;

export function makeGitRepo(options: GitRepoOptions): Repo {
  const timeoutMs = options.timeoutMs ?? processTimeoutMs;
  const run = options.run ?? runGit;
  const machine = { ...machineEnvironment(process.env), GIT_CEILING_DIRECTORIES: options.cacheDir };
  const credentials = credentialsAsEnvironment(options.credential);
  const withCache = makeCaches({
    run,
    cacheDir: options.cacheDir,
    machine,
    now: () => options.clock.now(),
    credentials,
    timeoutMs,
  });

  async function askRemote(remote: Remote, args: readonly string[], gitDir?: string): Promise<string> {
    const answer = await run({ args, gitDir, cwd: '/', timeoutMs, environment: await credentials(remote) }, machine);
    if (answer.status !== 0) unreachable(remote, answer);
    return answer.stdout;
  }

  async function listRefs(remote: Remote, refs: readonly string[]): Promise<string> {
    const url = checkUrl(remote);
    const here = gitDirOf(url);
    return here
      ? askRemote(remote, [...listArgs, ...refs], here)
      : askRemote(remote, ['ls-remote', '--refs', '--end-of-options', url, ...refs]);
  }

  async function readRefs(remote: Remote, refs: readonly string[]): Promise<ReadonlyMap<string, Oid>> {
    const found = new Map<string, Oid>();
    if (refs.length === 0) return found;
    const asked = new Set(refs.map(checkRef));
    for (const [oid, ref] of rows(await listRefs(remote, [...asked]))) {
      // A pattern also matches longer names.
      if (asked.has(ref)) found.set(ref, checkOid(oid));
    }
    return found;
  }

  /** Git moves no branch under the feet of whoever has it checked out, unless that repository allows it. */
  async function refusesItsOwnBranch(remote: Remote): Promise<boolean> {
    const here = gitDirOf(checkUrl(remote));
    if (!here) return false;
    const args = ['config', '--get-regexp', '^(core\\.bare|receive\\.denycurrentbranch)$'];
    const { stdout } = await run({ args, gitDir: here, cwd: '/', timeoutMs }, machine);
    return !/^core\.bare true$/m.test(stdout) && !/^receive\.\S+ (ignore|warn|false|updateinstead)$/im.test(stdout);
  }

  return {
    readRefs,
    readRef: async (remote, ref) => (await readRefs(remote, [ref])).get(ref),
    buildChain: (remote, request) => withCache(remote, request.base.length, (cache) => buildChain(cache, request)),
    pushWithLease: (remote, asked) =>
      withCache(remote, asked.to.length, (cache) => pushWithLease(cache, asked), asked.timeoutMs),
    createBranch: async (remote, asked) => {
      if (!isIntegration(checkRef(asked.ref)))
        throw new PortRefused(
          'NOT_OURS',
          `${asked.ref} is no branch that the town makes: refs/heads/integration/<convoy>`,
        );
      return withCache(remote, asked.at.length, (cache) => createBranch(cache, asked), asked.timeoutMs);
    },
    isAncestor: async (remote, ancestor, descendant) =>
      ancestor === descendant
        ? true
        : withCache(remote, ancestor.length, (cache) => isAncestor(cache, ancestor, descendant)),
    findCommit: (remote, from, trailers) =>
      withCache(remote, from.length, (cache) => findCommit(cache, from, trailers)),
    containedIn: (remote, asked) => withCache(remote, asked.head.length, (cache) => containedIn(cache, asked)),
    changedPaths: (remote, asked) => withCache(remote, asked.base.length, (cache) => changedPaths(cache, asked)),
    conflictOf: (remote, asked) => withCache(remote, asked.base.length, (cache) => conflictOf(cache, asked)),
    inspectResolution: (remote, asked) =>
      withCache(remote, asked.base.length, (cache) => inspectResolution(cache, asked)),
    deleteRefs: async (remote, refs) => {
      const foreign = refs.find((ref) => !isOwn(checkRef(ref)));
      if (foreign)
        throw new PortRefused('NOT_OURS', `${foreign} was not made by the town, so the town does not delete it`);
      const there = await readRefs(remote, refs);
      const [oid] = there.values();
      if (oid !== undefined)
        await withCache(remote, oid.length, (cache) => deleteRefs(cache, there, () => readRefs(remote, refs)));
    },
    probe: async (remote) => {
      const text = await askRemote(remote, ['ls-remote', '--symref', '--end-of-options', checkUrl(remote), 'HEAD']);
      const branch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(text)?.[1];
      const head = rows(text).find(([oid, ref]) => ref === 'HEAD' && !oid.startsWith('ref:'))?.[0];
      if (!head) throw new RepoUnreachable(`${remote.url} has no commit yet: push a first one, then add the rig`);
      if (!branch) throw new RepoUnreachable(`${remote.url} does not say which branch is its default`);
      const checkedOut = (await refusesItsOwnBranch(remote)) ? branch : undefined;
      return defined({ defaultBranch: branch, head: checkOid(head), checkedOut });
    },
  };
}

const rows = (text: string): [string, string][] =>
  text.split('\n').flatMap((line): [string, string][] => {
    const [oid, ref] = line.split('\t');
    return oid && ref ? [[oid, ref]] : [];
  });

function unreachable(remote: Remote, answer: GitAnswer): never {
  const why = answer.timedOut
    ? 'no answer in time'
    : answer.stderr.trim().split('\n').slice(0, 4).join(' | ').slice(0, 600);
  throw new RepoUnreachable(`${remote.url}: ${why}`);
}

function credentialsAsEnvironment(credential: GitRepoOptions['credential']) {
  return async (remote: Remote): Promise<Readonly<Record<string, string>>> => {
    const found = takesCredential(remote.url) ? await credential?.(remote) : undefined;
    return found ? credentialEnvironment(remote.url, found) : {};
  };
}

const escaped = (text: string): string => text.replace(/[.*[\]^$\\]/g, '\\$&');

async function findCommit(
  cache: Cache,
  from: Oid,
  trailers: Readonly<Record<string, string>>,
): Promise<Oid | undefined> {
  if (!(await ensure(cache, checkOid(from)))) return undefined;
  const patterns = Object.entries(trailers).map(([name, value]) => `--grep=^${escaped(`${name}: ${value}`)}$`);
  const answer = await cache.git(['log', '--all-match', ...patterns, '--format=%H', '--max-count=1', from, '--']);
  if (answer.status !== 0) fail('searching the target', answer);
  const found = answer.stdout.trim();
  return found === '' ? undefined : checkOid(found);
}
