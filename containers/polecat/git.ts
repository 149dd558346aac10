/** Runs git with nothing of its surroundings: no configuration but ours, no prompts, no hooks, messages in English. */

import { execFile } from 'node:child_process';
import { transportEnvironment } from '../../git/transport-environment.ts';
import type { User } from './confine.ts';
import { TaskFailure } from './failure.ts';

export interface GitResult {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface GitOptions {
  readonly cwd: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: User | undefined;
  /** It speaks to the remote, and needs what the user's transports need. */
  readonly reachesOut?: boolean;
}

const localTimeoutMs = 120_000;
const outputBytesMax = 4 * 1024 * 1024;

const surroundings = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_EDITOR: 'true',
  LC_ALL: 'C',
};

const forTransports = [...transportEnvironment, 'GIT_SSL_CAINFO'];

const ownSettings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'commit.gpgSign=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'advice.detachedHead=false',
];
const settingArgs = ownSettings.flatMap((setting) => ['-c', setting]);

/** Never throws for what git says: `code` tells. Killed after the time limit: code -1. */
export function git(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const env: Record<string, string> = { ...surroundings, ...options.env };
  for (const name of options.reachesOut ? forTransports : ['PATH']) {
    const value = process.env[name];
    if (value !== undefined && env[name] === undefined) env[name] = value;
  }
  return new Promise((resolve) => {
    execFile(
      'git',
      [...settingArgs, ...args],
      {
        cwd: options.cwd,
        env,
        timeout: options.timeoutMs ?? localTimeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: outputBytesMax,
        ...options.user,
      },
      (error, out, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ code, out, error: stderr.trim() || (code === -1 ? (error?.message ?? '') : '') });
      },
    );
  });
}

/** As `git`, for what must succeed; fails the task with what git said. */
export async function mustGit(args: readonly string[], options: GitOptions, doing: string): Promise<string> {
  const result = await git(args, options);
  if (result.code !== 0) throw new TaskFailure('harness_failed', `${doing}: git ${args[0]} said: ${saying(result)}`);
  return result.out;
}

/** What git complained of, in few lines. */
export const saying = (result: GitResult): string =>
  (result.error || result.out).trim().split('\n').slice(-8).join('\n') || `exit status ${result.code}`;

/** The rules of git-check-ref-format, and no name that could be taken for an option. */
function isRefName(name: string): boolean {
  if (name.length === 0 || name.length > 250 || /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|^@$/.test(name))
    return false;
  return name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

export const isOid = (text: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);

/** A branch or full ref as git wants it named in a refspec. */
export const fullRef = (name: string): string => (name.startsWith('refs/') ? name : `refs/heads/${name}`);

export function checkRef(name: string, what: string): void {
  if (!isRefName(name))
    throw new TaskFailure('harness_failed', `${what} ${JSON.stringify(name)} is not a name that git takes`);
}

/** https, ssh, git and file URLs, `user@host:path`, and absolute paths; nothing that names a helper program. */
export function checkUrl(url: string): void {
  const known =
    /^(https?|ssh|git|file):\/\/[^-]/.test(url) || url.startsWith('/') || /^[\w.]+@[\w.]+[\w.-]*:[^:-]/.test(url);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (!known || /[\0-\x1f\x7f]/.test(url)) {
    throw new TaskFailure(
      'harness_failed',
      `the remote ${JSON.stringify(url)} is not a URL or absolute path that can be cloned`,
    );
  }
}

/** The path behind a remote on this machine. */
export function localPath(url: string): string | undefined {
  if (url.startsWith('/')) return url;
  return url.startsWith('file:///') ? decodeURIComponent(url.slice('file://'.length)) : undefined;
}
