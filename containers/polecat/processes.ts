/**
 * Commands in process groups of their own, ended whole: the group by its id, and what left the group by its user, or,
 * where the agent is whoever the harness is, by a mark in its environment.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { hasEntry, killMarked, signalGroup } from '../../local/fleet/processes.ts';
import { confined, endUser, type User } from './confine.ts';
import type { Interrupt } from './interrupt.ts';

export interface GroupCommand {
  /** Standard output and error are one stream, in the order written. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: User | undefined;
  readonly timeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** `NAME=value` in `env` that no other process has: finds processes that left the group. */
  readonly mark: string;
  readonly onOutput: (bytes: Buffer) => void;
  /** A file that it reads as its standard input; by default there is nothing to read. */
  readonly stdin?: string;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** We ended it, and why. */
  readonly endedBy: 'timeout' | 'interrupt' | undefined;
  readonly ms: number;
}

/** How long the pipe may stay open after all processes were killed. */
const drainMs = 1000;

export function runGroup(command: GroupCommand, interrupt: Interrupt): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const argv = command.user ? confined(command.argv) : command.argv;
    const stdin = command.stdin === undefined ? undefined : openSync(command.stdin, 'r');
    const child = spawn('/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', ...argv], {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: [stdin ?? 'ignore', 'pipe', 'inherit'],
      ...command.user,
    });
    if (stdin !== undefined) closeSync(stdin);
    let endedBy: Ended['endedBy'];
    let killTimer: NodeJS.Timeout | undefined;
    const end = (why: 'timeout' | 'interrupt'): void => {
      const atOnce = interrupt.superseded;
      if (endedBy && !atOnce) return;
      endedBy ??= why;
      signalGroup(child.pid, atOnce ? 'SIGKILL' : 'SIGTERM');
      killTimer ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), command.graceMs);
    };
    const timer = setTimeout(() => end('timeout'), command.timeoutMs);
    const ignore = interrupt.listen(() => end('interrupt'));
    const settle = (): void => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      ignore();
    };
    child.stdout?.on('data', command.onOutput);
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('exit', (exitCode, signal) => {
      settle();
      const ms = performance.now() - startedAt;
      signalGroup(child.pid, 'SIGKILL');
      // Without the right to trace, root cannot read the environment of another user's process.
      const alone = command.user ? endUser(command.user) : killMarked(hasEntry(command.mark), child.pid);
      const drained = setTimeout(() => child.stdout?.destroy(), drainMs);
      const closed = new Promise<void>((done) => child.on('close', done)).finally(() => clearTimeout(drained));
      Promise.all([alone, closed]).then(() => resolve({ exitCode, signal, endedBy, ms }), reject);
    });
  });
}
