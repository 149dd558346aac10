/**
 * One bare cache per rig, used by one piece of work at a time. It holds nothing of its own: when it is damaged (a
 * killed process left a lock, the disk lost a file) it is deleted and fetched again, once.
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RepoUnreachable } from '../core/errors.ts';
import { tokenOf } from '../core/hash.ts';
import type { Instant, LinkFault, Oid, Remote } from '../core/ports.ts';
import { checkUrl, isLocal } from './names.ts';
import type { GitAnswer, RunGit } from './run.ts';
import { borrowFrom, gitDirOf } from './same-disk.ts';

/** A commit of a chain. */
export interface Built {
  readonly oid: Oid;
  readonly tree: Oid;
}

export interface Cache {
  readonly dir: string;
  readonly remote: Remote;
  /** Tree of a commit that this process built or looked up: both are immutable. */
  readonly trees: Map<Oid, Oid>;
  /** What each chain commit built here stands on. */
  readonly parents: Map<Oid, Oid>;
  /** What came of putting a link on a tip: a search builds many prefixes of the same chain. */
  readonly joined: Map<string, Built | LinkFault>;
  git(args: readonly string[], more?: GitMore): Promise<GitAnswer>;
  /** Where the remote itself is, if its objects are borrowed. */
  readonly lender: string | undefined;
}

interface GitMore {
  readonly stdin?: string;
  readonly bytes?: true;
  /** Objects that stayed behind are not fetched for this: whoever asks what is here must not bring it in by asking. */
  readonly offline?: true;
  readonly timeoutMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Another repository than the cache. */
  readonly gitDir?: string;
}

/** The cache itself is broken, not the remote. */
export class CacheDamaged extends Error {
  override readonly name = 'CacheDamaged';
}

const damage =
  /is corrupt|corrupt (loose|patch|tree)|bad object|not something we can merge|bad tree|not a git repository|unable to (read|open loose|parse|find)|object file .* is empty|missing (blob|tree|commit)|could not parse|\.lock': File exists|broken (link|ref)|inflate|unable to normalize alternate|has bad|No such file or directory.*objects/i;

const firstLines = (text: string): string =>
  text.trim().split('\n').slice(0, 6).join(' | ').slice(0, 800) || 'no output';

/** Throws: an answer that no rule of the caller explains is infrastructure. */
export function fail(what: string, answer: GitAnswer): never {
  if (answer.timedOut) throw new RepoUnreachable(`${what}: no answer in time`);
  if (damage.test(answer.stderr)) throw new CacheDamaged(`${what}: ${firstLines(answer.stderr)}`);
  throw new RepoUnreachable(`${what}: ${firstLines(answer.stderr)} (status ${answer.status ?? 'killed'})`);
}

export interface CacheOptions {
  readonly run: RunGit;
  readonly cacheDir: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly now: () => Instant;
  /** Credentials as environment, or nothing. */
  readonly credentials: (remote: Remote) => Promise<Readonly<Record<string, string>>>;
  readonly timeoutMs: number;
}

const rememberedMax = 2000;
const tidyEveryMs = 60 * 60 * 1000;

/** Keeps the newest entries of a memory that only saves work. */
export function remember<K, V>(memory: Map<K, V>, key: K, value: V): V {
  if (memory.size >= rememberedMax) {
    const oldest = memory.keys().next();
    if (!oldest.done) memory.delete(oldest.value);
  }
  memory.set(key, value);
  return value;
}

interface Slot {
  /** The end of the line of work on this cache. */
  last: Promise<unknown>;
  ready: boolean;
  tidiedAt: Instant;
  readonly memory: Pick<Cache, 'trees' | 'parents' | 'joined'>;
}

/**
 * Blobs stay behind where the host can filter them: merges of whole files never need them. It is said to each process
 * and not in the cache's configuration, so that it can be left unsaid.
 */
const partial = ['-c', 'remote.origin.promisor=true', '-c', 'remote.origin.partialclonefilter=blob:none'];

export function makeCaches(options: CacheOptions) {
  const slots = new Map<string, Slot>();

  async function prepare(dir: string, slot: Slot, remote: Remote, oidDigits: number): Promise<void> {
    if (slot.ready && existsSync(join(dir, 'HEAD'))) return;
    for (const known of Object.values(slot.memory)) known.clear();
    if (!existsSync(join(dir, 'ready'))) {
      await rm(dir, { recursive: true, force: true });
      await mkdir(dir, { recursive: true });
      const format = oidDigits === 64 ? 'sha256' : 'sha1';
      const init = await options.run(
        {
          args: ['init', '--bare', '--quiet', '--template=', `--object-format=${format}`, dir],
          cwd: options.cacheDir,
          timeoutMs: options.timeoutMs,
        },
        options.machine,
      );
      if (init.status !== 0) fail('making the cache', init);
      await appendFile(join(dir, 'config'), `[remote "origin"]\n\turl = "${remote.url}"\n`);
      const lender = gitDirOf(remote.url);
      if (lender) await borrowFrom(lender, dir);
      await appendFile(join(dir, 'ready'), '');
    }
    slot.ready = true;
  }

  /** Now and then, packs what has gathered; the newest base is kept reachable, so that fetches stay small. */
  async function tidy(cache: Cache, slot: Slot): Promise<void> {
    if (options.now() - slot.tidiedAt < tidyEveryMs) return;
    slot.tidiedAt = options.now();
    await cache.git(['-c', 'gc.auto=2000', '-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet'], {
      timeoutMs: 300_000,
    });
  }

  /**
   * Does `work` on the rig's cache, alone; once more on a fresh cache if this one proves damaged. Of a repository whose
   * ids have `oidDigits`. With a deadline, no process starts after it, and none outlives it.
   */
  return async function withCache<T>(
    remote: Remote,
    oidDigits: number,
    work: (cache: Cache) => Promise<T>,
    deadlineMs = Number.POSITIVE_INFINITY,
  ): Promise<T> {
    const startedAt = performance.now();
    const url = checkUrl(remote);
    const rig = remote.rig.replace(/[^a-z0-9-]/g, '_');
    const dir = join(options.cacheDir, `${rig}-${tokenOf(`${url} ${oidDigits}`).slice(0, 12)}.git`);
    const slot = slots.get(dir) ?? {
      last: Promise.resolve(),
      ready: false,
      tidiedAt: options.now(),
      memory: { trees: new Map(), parents: new Map(), joined: new Map() },
    };
    slots.set(dir, slot);
    const cache: Cache = {
      dir,
      remote,
      ...slot.memory,
      lender: gitDirOf(url),
      git: async (args, more = {}) => {
        const environment = { ...(await options.credentials(remote)), ...more.environment };
        const leftMs = startedAt + deadlineMs - performance.now();
        if (leftMs <= 0) return { status: undefined, stdout: '', stderr: '', timedOut: true };
        const filtered = isLocal(url) || more.offline ? [] : partial;
        const call = {
          args: [...filtered, ...args],
          gitDir: more.gitDir ?? dir,
          cwd: options.cacheDir,
          timeoutMs: Math.min(leftMs, more.timeoutMs ?? options.timeoutMs),
          stdin: more.stdin,
          bytes: more.bytes,
          environment,
        };
        return options.run(call, options.machine);
      },
    };
    const turn = slot.last.then(async () => {
      for (let tries = 1; ; tries += 1) {
        try {
          await mkdir(options.cacheDir, { recursive: true });
          await prepare(dir, slot, remote, oidDigits);
          const result = await work(cache);
          // Whoever has a deadline does not wait for this.
          if (deadlineMs === Number.POSITIVE_INFINITY) await tidy(cache, slot);
          return result;
        } catch (error) {
          if (!(error instanceof CacheDamaged)) throw error;
          if (tries > 1)
            throw new RepoUnreachable(`the cache of rig ${remote.rig} was made anew and still fails: ${error.message}`);
          slot.ready = false;
          await rm(dir, { recursive: true, force: true });
        }
      }
    });
    // The next in line waits for the end of this turn, not for its success.
    slot.last = turn.catch(() => undefined);
    return turn;
  };
}
