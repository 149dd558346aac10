/**
 * Runs one git process: no shell, a closed environment, a hard deadline. Nothing that a repository or a machine has
 * configured takes part: no system or global configuration, no hooks, no prompts, no transport but these four.
 */
import { spawn } from 'node:child_process';

export interface GitCall {
  readonly args: readonly string[];
  /** Directory of the repository, or where to stand outside of any. */
  readonly gitDir?: string | undefined;
  readonly cwd: string;
  readonly stdin?: string | undefined;
  /** Input and output are one character a byte: names and contents of files need not be UTF-8. */
  readonly bytes?: true | undefined;
  /** Added to the closed environment: author and committer, credentials. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs: number;
}

export interface GitAnswer {
  /** Exit status; `undefined` when the process was killed at its deadline or by a signal. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** What a child of the town may know of its machine: where programs are, and how to reach an ssh agent. */
export function machineEnvironment(source: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'SSH_AUTH_SOCK', 'TMPDIR', 'SSL_CERT_FILE', 'HTTPS_PROXY', 'https_proxy']) {
    const value = source[name];
    if (value) passed[name] = value;
  }
  return passed;
}

const closed: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'true',
  GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
  GIT_ALLOW_PROTOCOL: 'file:https:http:ssh',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_PROTOCOL_FROM_USER: '0',
};

/** The cache can be fetched again, so nothing waits for its disk. */
const fixedConfig = [
  'core.hooksPath=/dev/null',
  'core.attributesFile=/dev/null',
  'gc.auto=0',
  'core.fsync=none',
].flatMap((setting) => ['-c', setting]);

/** What is over this is read, and dropped. */
export const outputBytesMax = 8 * 1024 * 1024;

export type RunGit = (call: GitCall, machine: Readonly<Record<string, string>>) => Promise<GitAnswer>;

/** Throws only when there is no git to run. */
export const runGit: RunGit = (call, machine) =>
  new Promise((resolve, reject) => {
    const child = spawn('git', [...fixedConfig, ...call.args], {
      cwd: call.cwd,
      // A group of its own, so that the deadline also ends the transport that git started.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...machine, ...closed, ...(call.gitDir ? { GIT_DIR: call.gitDir } : {}), ...call.environment },
    });
    let timedOut = false;
    const deadline = setTimeout(() => {
      timedOut = true;
      endGroup(child.pid);
    }, call.timeoutMs);
    const encoding = call.bytes ? 'latin1' : 'utf8';
    const stdout = collect(child.stdout, encoding);
    const stderr = collect(child.stderr, 'utf8');
    child.on('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    child.on('close', (status) => {
      clearTimeout(deadline);
      resolve({ status: timedOut ? undefined : (status ?? undefined), stdout: stdout(), stderr: stderr(), timedOut });
    });
    // A process that ends without reading its input is judged by its status, not by the broken pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(call.stdin ?? '', encoding);
  });

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

function collect(stream: NodeJS.ReadableStream, encoding: BufferEncoding): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= outputBytesMax) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString(encoding);
}
