/** Finding processes again, for certain: by id and start time, or by a mark in the environment they were started with. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process id alone is not enough: ids are used again. */
export interface ProcessName {
  readonly pid: number;
  /** As the system writes it; only ever compared. */
  readonly startTime: string;
}

/** `undefined` if there is no such process, or it has ended and waits to be collected. */
export function startTimeOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
    }
    // The command's name, in brackets, may hold anything; the fields count from behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export const isSame = ({ pid, startTime }: ProcessName): boolean => startTimeOf(pid) === startTime;

/** The group is gone already when nobody is left in it. */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): boolean {
  return pid !== undefined && signalled(-pid, signal);
}

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

/** More than any real tree of processes needs; a bound all the same. */
const roundsMax = 20;

/**
 * Kills every other process whose environment matches; a process that left its group and session keeps it. Looks again
 * until none is left, since one may fork while it is looked for. `since` spares the looking into processes that are
 * older than that one. Linux only: elsewhere the group is all that is found.
 */
export function killMarked(matches: (environment: string) => boolean, since = 0): number {
  const killed = new Set<number>();
  for (let round = 0; round < roundsMax; round += 1) {
    const found = marked(matches, since);
    if (found.length === 0) break;
    for (const pid of found) if (signalled(pid, 'SIGKILL')) killed.add(pid);
  }
  return killed.size;
}

/** `NAME=value` as a whole entry of an environment. */
export const hasEntry =
  (entry: string) =>
  (environment: string): boolean =>
    environment.includes(`\0${entry}\0`);

function marked(matches: (environment: string) => boolean, since: number): number[] {
  if (process.platform !== 'linux') return [];
  const oldest = newestPid() < since ? 0 : since;
  const pids = readdirSync('/proc')
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .map(Number);
  return pids.filter((pid) => pid > oldest && pid !== process.pid && matches(`\0${environmentOf(pid)}`));
}

/** Linux hands ids out in order, and begins anew at its maximum: then a smaller one is no sign of age. */
const newestPid = (): number => Number(readFileSync('/proc/loadavg', 'latin1').split(' ')[4]);

/** Empty for a process that is gone, a zombie, or not ours to look into. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
