/** The `Repo` port over the git binary: serves AWS and the laptop alike. */
import { PortRefused } from '../core/errors.ts';
import type { Clock, Oid, Repo } from '../core/ports.ts';
import { containedIn, isAncestor } from './ancestry.ts';
import { type Cache, fail, makeCaches } from './cache.ts';
import { buildChain } from './chain.ts';
import { changedPaths } from './changed-paths.ts';
import { conflictOf } from './conflict.ts';
import { ensure } from './fetch.ts';
import { checkOid, checkRef, isIntegration, isOwn } from './names.ts';
import { createBranch, deleteRefs, pushWithLease } from './push.ts';
import { filesAt, readTree, recentCommits } from './reading.ts';
import { credentialsAsEnvironment, makeRemoteRepo, processTimeoutMs, type RemoteOptions } from './remote.ts';
import { inspectResolution } from './resolution.ts';
import { machineEnvironment, runGit } from './run.ts';

export interface GitRepoOptions extends RemoteOptions {
  /** Bare caches go here; safe to delete at any time when nothing runs. */
  readonly cacheDir: string;
  readonly clock: Pick<Clock, 'now'>;
}

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

  const { readRef, readRefs, probe } = makeRemoteRepo(options, machine);

  return {
    readRefs,
    readRef,
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
    readTree: (remote, commit) => withCache(remote, commit.length, (cache) => readTree(cache, commit)),
    readFiles: (remote, asked) => withCache(remote, asked.commit.length, (cache) => filesAt(cache, asked)),
    recentCommits: (remote, asked) => withCache(remote, asked.from.length, (cache) => recentCommits(cache, asked)),
    deleteRefs: async (remote, refs) => {
      const foreign = refs.find((ref) => !isOwn(checkRef(ref)));
      if (foreign)
        throw new PortRefused('NOT_OURS', `${foreign} was not made by the town, so the town does not delete it`);
      const there = await readRefs(remote, refs);
      const [oid] = there.values();
      if (oid !== undefined)
        await withCache(remote, oid.length, (cache) => deleteRefs(cache, there, () => readRefs(remote, refs)));
    },
    probe,
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
