/** The agent under a user of its own: with fewer rights than that user could have, and gone when it has ended. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { limits } from '../../core/limits.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Who the agent runs as: set in a container, where the harness is root and holds what the agent must not see. */
export function agentUser(environment: Readonly<Record<string, string | undefined>>): User | undefined {
  const { GASTOWN_AGENT_UID: uid, GASTOWN_AGENT_GID: gid } = environment;
  if (!uid) return undefined;
  const user = { uid: Number(uid), gid: Number(gid ?? uid) };
  // All processes of this user are killed when the agent has ended: never root's.
  if (!Object.values(user).every((id) => Number.isSafeInteger(id) && id > 0))
    throw new Error(
      `AGENT_USER_INVALID: user ${uid}, group ${gid ?? uid}; both are numbers above 0 that nobody else has.`,
    );
  return user;
}

/** What the kernel is to kill first when the task's memory is full: the agent, not the harness that reports it. */
const firstToGo = 1000;

/**
 * The command, unable to gain rights by a set-user-id program, to fork without end, or to leave core files. By tools
 * that every Debian has. The limit is per user and set on the agent alone: the harness can still start what ends it.
 */
export const confined = (argv: readonly string[]): readonly string[] => [
  ...['setpriv', '--no-new-privs', '--'],
  ...['choom', '-n', String(firstToGo), '--'],
  ...['prlimit', `--nproc=${limits.agentProcessesMax}`, '--core=0', '--'],
  ...argv,
];

const roundsMax = 20;

/**
 * Ends every process of the user, wherever it hid. A signal that one of that user sends to all others reaches all at the
 * same time, so that none escapes by forking; the signals sent from here reach those that would kill the sender. Throws
 * if some are left all the same: the task then fails, and its container ends with everything in it.
 */
export async function endUser(user: User): Promise<void> {
  for (let round = 0; round < roundsMax; round += 1) {
    const alive = processesOf(user);
    if (alive.length === 0) return;
    await killAllAs(user);
    for (const pid of alive) killIfThere(pid);
  }
  throw new Error(`AGENT_SURVIVES: processes of user ${user.uid} are alive after ${roundsMax} times SIGKILL.`);
}

const killAllAs = (user: User): Promise<void> =>
  new Promise((resolve) => {
    const killer = spawn('/bin/sh', ['-c', 'kill -9 -1'], { ...user, env: {}, stdio: 'ignore' });
    killer.on('error', () => resolve());
    killer.on('exit', () => resolve());
  });

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** By any of its user ids; not those that have ended and only wait to be collected. */
function processesOf({ uid }: User): number[] {
  const pids = readdirSync('/proc').filter((name) => /^[1-9][0-9]*$/.test(name));
  return pids.map(Number).filter((pid) => {
    const status = statusOf(pid);
    const uids = /^Uid:\t(.*)$/m.exec(status)?.[1]?.split('\t') ?? [];
    return uids.includes(String(uid)) && !/^State:\t[ZX]/m.test(status);
  });
}

/** Empty for a process that is gone. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}
