/** The agent under a user of its own: with fewer rights than that user could have, and gone when it has ended. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
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
 * The command, unable to gain rights by a set-user-id program, to fork without end, to write one file without end, or to leave core files. By tools
 * that every Debian has. The limit is per user and set on the agent alone: the harness can still start what ends it.
 */
export const confined = (argv: readonly string[]): readonly string[] => [
  ...['setpriv', '--no-new-privs', '--'],
  ...['choom', '-n', String(firstToGo), '--'],
  ...['prlimit', `--nproc=${limits.agentProcessesMax}`, `--fsize=${limits.agentFileBytesMax}`, '--core=0', '--'],
  ...argv,
];

/** With their rests ten seconds: a process gives gigabytes of memory back before it is gone. */
const roundsMax = 20;
const restStepMs = 50;

/**
 * Ends every process of the user, wherever it hid: a signal that one of that user sends to all others reaches all at the
 * same time, so that none escapes by forking. Again, since one of them may have killed the sender first. Throws if some
 * are left all the same: the task then fails, and its container ends with everything in it.
 */
export async function endUser(user: User): Promise<void> {
  for (let round = 0; round < roundsMax; round += 1) {
    if (!isAnyAlive(user)) return;
    await new Promise((resolve) => {
      const sender = spawn('/bin/sh', ['-c', 'kill -9 -1'], { ...user, env: {}, stdio: 'ignore' });
      sender.on('error', resolve);
      sender.on('exit', resolve);
    });
    await sleep(round * restStepMs);
  }
  throw new Error(`AGENT_SURVIVES: processes of user ${user.uid} are alive after ${roundsMax} times SIGKILL.`);
}

/** By any of its user ids; not those that have ended and only wait to be collected. */
const isAnyAlive = ({ uid }: User): boolean =>
  readdirSync('/proc').some((name) => {
    const status = /^[1-9][0-9]*$/.test(name) ? statusOf(name) : '';
    const uids = /^Uid:\t(.*)$/m.exec(status)?.[1]?.split('\t') ?? [];
    return uids.includes(String(uid)) && !/^State:\t[ZX]/m.test(status);
  });

/** Empty for a process that is gone. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}
