/** The directories of one task, and the environment that its agent or gates get: a short list, never the town's token. */
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { User } from './processes.ts';

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

const directoryMode = 0o755;
const passedOn = ['PATH', 'LANG', 'TZ'];

export function makeSandbox(environment: TaskEnvironment): Sandbox {
  const root = mkdtempSync(join(environment.GASTOWN_TASK_DIR ?? tmpdir(), 'polecat-'));
  const user = agentUser(environment);
  const box = join(root, 'box');
  const own = join(root, 'own.git');
  const work = join(box, 'work');
  const task = environment.GASTOWN_TASK ?? randomUUID();
  // Under another user the agent must reach its box through this directory, which mkdtemp closes to all others.
  if (user) chmodSync(root, directoryMode);
  for (const directory of [own, box, work, join(box, 'home'), join(box, 'tmp'), join(box, 'bin')]) {
    mkdirSync(directory, { mode: directoryMode });
    if (user && directory !== own) chownSync(directory, user.uid, user.gid);
  }
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

/** Writes a file outside the work tree, for the agent to read. */
export function place({ box, user }: Sandbox, name: string, content: string, mode: number): string {
  const path = join(box, name);
  writeFileSync(path, content, { mode });
  if (user) chownSync(path, user.uid, user.gid);
  return path;
}

export const removeSandbox = ({ root }: Sandbox): void => rmSync(root, { recursive: true, force: true, maxRetries: 3 });

/** Who the agent runs as: set in a container, where the harness is root and holds what the agent must not see. */
function agentUser(environment: TaskEnvironment): User | undefined {
  const uid = environment.GASTOWN_AGENT_UID;
  if (!uid) return undefined;
  return { uid: Number(uid), gid: Number(environment.GASTOWN_AGENT_GID ?? uid) };
}
