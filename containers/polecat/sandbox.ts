/** The directories of one task, and the environment that its agent or gates get: a short list, never the town's token. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { agentUser, type User } from './confine.ts';
import { TaskFailure } from './failure.ts';

export type TaskEnvironment = Readonly<Record<string, string | undefined>>;

export interface Sandbox {
  readonly root: string;
  /** The harness's own repository: fetched into and pushed from. The agent can read it, not configure it. */
  readonly own: string;
  /** What the agent may write. */
  readonly box: string;
  readonly work: string;
  readonly user: User | undefined;
  /** `NAME=value` in the environment of everything that runs in here. */
  readonly mark: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Nobody else's, be it another polecat's agent on the same machine. */
const privateMode = 0o700;
/** The harness's, to be read by the agent's group: it passes through `root` to its box, and borrows from `own`. */
const passMode = 0o710;
const readMode = 0o750;
const passedOn = ['PATH', 'LANG', 'TZ'];

export function makeSandbox(environment: TaskEnvironment): Sandbox {
  const root = mkdtempSync(join(environment.GASTOWN_TASK_DIR ?? tmpdir(), 'polecat-'));
  const user = agentUser(environment);
  const box = join(root, 'box');
  const own = join(root, 'own.git');
  const work = join(box, 'work');
  const task = environment.GASTOWN_TASK ?? randomUUID();
  mkdirSync(own, { mode: readMode });
  for (const directory of [box, work, join(box, 'home'), join(box, 'tmp'), join(box, 'bin')])
    mkdirSync(directory, { mode: privateMode });
  if (user) handOver(user, { root, own, box });
  const env: Record<string, string> = {
    HOME: join(box, 'home'),
    TMPDIR: join(box, 'tmp'),
    TERM: 'dumb',
    GIT_TERMINAL_PROMPT: '0',
    GIT_EDITOR: 'true',
    GIT_PAGER: 'cat',
    GASTOWN_TASK: task,
  };
  const fleet = environment.GASTOWN_FLEET;
  if (fleet !== undefined) env.GASTOWN_FLEET = fleet;
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return { root, own, box, work, user, mark: `GASTOWN_TASK=${task}`, env };
}

/** The agent's own from now on: what is in the box. Given away last, so that nothing is made in a directory of the agent's. */
function handOver({ uid, gid }: User, { root, own, box }: Pick<Sandbox, 'root' | 'own' | 'box'>): void {
  chmodSync(root, passMode);
  for (const directory of [root, own]) chownSync(directory, 0, gid);
  for (const name of readdirSync(box)) chownSync(join(box, name), uid, gid);
  chownSync(box, uid, gid);
}

/**
 * Writes a file outside the work tree, for the agent to read. Where an agent has run before, nothing there is as it was: no
 * link that it left is followed, be it the file itself or a directory on the way.
 */
export function place(
  { box, user }: Pick<Sandbox, 'box' | 'user'>,
  name: string,
  content: string,
  mode: number,
): string {
  const path = join(box, name);
  for (let directory = dirname(path); directory !== dirname(box); directory = dirname(directory))
    if (!lstatSync(directory).isDirectory())
      throw new TaskFailure('agent_failed', `the agent put something else in place of ${relative(box, directory)}`);
  rmSync(path, { recursive: true, force: true });
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  try {
    writeFileSync(file, content);
    fchmodSync(file, mode);
    if (user) fchownSync(file, user.uid, user.gid);
  } finally {
    closeSync(file);
  }
  return path;
}

export const removeSandbox = ({ root }: Sandbox): void => rmSync(root, { recursive: true, force: true, maxRetries: 3 });
