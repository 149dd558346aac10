/** What is asked of a remote itself, without a cache: its refs, and which branch is its default. */
import { defined } from '../core/defined.ts';
import { RepoUnreachable } from '../core/errors.ts';
import type { Oid, Remote, Repo } from '../core/ports.ts';
import { credentialEnvironment, type GitCredential, takesCredential } from './credential-environment.ts';
import { checkOid, checkRef, checkUrl } from './names.ts';
import { type GitAnswer, machineEnvironment, type RunGit, runGit } from './run.ts';
import { gitDirOf, listArgs } from './same-disk.ts';

export interface RemoteOptions {
  /** A short-lived credential for an https remote; asked for before each call. */
  readonly credential?: (remote: Remote) => Promise<GitCredential | undefined>;
  /** Who starts git; by default this process. */
  readonly run?: RunGit;
  /** Any one git process but a landing push, which brings its own deadline. */
  readonly timeoutMs?: number;
}

export const processTimeoutMs = 120_000;

export function makeRemoteRepo(
  options: RemoteOptions,
  machine = machineEnvironment(process.env),
): Pick<Repo, 'readRef' | 'readRefs' | 'probe'> {
  const { run = runGit, timeoutMs = processTimeoutMs } = options;
  const credentials = credentialsAsEnvironment(options.credential);

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

export function credentialsAsEnvironment(credential: RemoteOptions['credential']) {
  return async (remote: Remote): Promise<Readonly<Record<string, string>>> => {
    const found = takesCredential(remote.url) ? await credential?.(remote) : undefined;
    return found ? credentialEnvironment(remote.url, found) : {};
  };
}
