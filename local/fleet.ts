/**
 * The fleet on a laptop: each task is the work of a child process. Everything started carries a mark in its
 * environment, and every task has a file with its process's id and start time, so that after `kill -9` of the town the
 * next one finds and ends what is left, and nothing else.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PortRefused } from '../core/errors.ts';
import { tokenOf } from '../core/hash.ts';
import { presets } from '../core/polecats/presets.ts';
import { harnessEnv } from '../core/polecats/protocol.ts';
import type { Clock, Fleet, LaunchRequest, LaunchResult, TaskState } from '../core/ports.ts';
import { transportEnvironment } from '../git/transport-environment.ts';
import type { Harness, TaskEnd } from './fleet/harness.ts';
import { HarnessPool } from './fleet/pool.ts';
import { hasEntry, isSame, killMarked, signalGroup } from './fleet/processes.ts';
import { type TaskRecord, TaskRecords } from './fleet/records.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ProcessFleetOptions {
  /** The fleet's own: records, the tasks' directories, the harnesses' complaints. One town at a time uses it. */
  readonly dir: string;
  /** Path of the bundled harness. */
  readonly harness: string;
  readonly apiUrl: () => string;
  readonly clock: Clock;
  /**
   * The town's own, by default this process's. Harnesses inherit a short list of it. Whom the model proxies ask, and with which
   * key, is told to polecats' harnesses alone, with their task.
   */
  readonly environment?: Environment;
  /** Harnesses that are started ahead of their task. */
  readonly waitingMax?: number;
  /** More tasks at once are refused for lack of room. */
  readonly tasksMax?: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs?: number;
}

export interface LocalFleet extends Fleet {
  /** What ECS tells by its STOPPED events. */
  onStopped(listener: (taskId: string, detail: string) => void): void;
  /** Ends whatever an earlier town on this directory left running; returns how many processes. Call it before the first launch. */
  killOrphans(): Promise<number>;
  close(): Promise<void>;
}

/** ECS: 100 tasks a description. */
const tasksPerListMax = 100;
const defaults = { environment: process.env, waitingMax: 2, tasksMax: 64, graceMs: 10_000 };

export function makeProcessFleet(options: ProcessFleetOptions): LocalFleet {
  return new ProcessFleet(options);
}

class ProcessFleet implements LocalFleet {
  readonly #options: ProcessFleetOptions & typeof defaults;
  readonly #work: string;
  readonly #records: TaskRecords;
  readonly #pool: HarnessPool;
  readonly #log: number;
  readonly #running = new Map<string, Harness>();
  readonly #stopped: ((taskId: string, detail: string) => void)[] = [];
  /** Marks of every town on this directory, and of this one. */
  readonly #family: string;
  readonly #mark: string;
  #closing: Promise<void> | undefined;

  constructor(options: ProcessFleetOptions) {
    this.#options = { ...defaults, ...options };
    this.#work = join(options.dir, 'work');
    mkdirSync(this.#work, { recursive: true });
    this.#records = new TaskRecords(join(options.dir, 'tasks'));
    this.#family = `GASTOWN_FLEET=${tokenOf(realpathSync(options.dir)).slice(0, 16)}.`;
    this.#mark = `${this.#family}${randomUUID()}`;
    this.#log = openSync(join(options.dir, 'harness.log'), 'a');
    const [name = '', value = ''] = this.#mark.split('=');
    const environment = { ...inherited(this.#options.environment), [name]: value };
    this.#pool = new HarnessPool({ file: options.harness, environment, log: this.#log }, this.#options.waitingMax);
    this.#pool.warm();
  }

  launch(request: LaunchRequest): Promise<LaunchResult> {
    return Promise.resolve(this.#launch(request));
  }

  stop(taskId: string, _reason: string): Promise<void> {
    const harness = this.#running.get(taskId);
    if (!harness) return Promise.resolve();
    harness.terminate();
    setTimeout(() => {
      if (this.#running.get(taskId) === harness) harness.kill();
    }, this.#options.graceMs).unref();
    return Promise.resolve();
  }

  async list(taskIds: readonly string[]): Promise<readonly TaskState[]> {
    if (taskIds.length === 0 || taskIds.length > tasksPerListMax) {
      const what = `${taskIds.length} tasks asked for, 1 to ${tasksPerListMax} are possible`;
      throw new PortRefused('TASKS_OUT_OF_RANGE', what);
    }
    return taskIds.map((taskId) => this.#stateOf(taskId));
  }

  onStopped(listener: (taskId: string, detail: string) => void): void {
    this.#stopped.push(listener);
  }

  async killOrphans(): Promise<number> {
    const orphans = this.#records.all().filter(({ taskId, ended }) => !ended && !this.#running.has(taskId));
    let killed = 0;
    for (const { process: name } of orphans) if (isSame(name) && signalGroup(name.pid, 'SIGKILL')) killed += 1;
    killed += killMarked(
      (environment) => environment.includes(`\0${this.#family}`) && !hasEntry(this.#mark)(environment),
    );
    for (const record of orphans) {
      while (isSame(record.process)) await new Promise((resolve) => setTimeout(resolve, 5));
      this.#ended(record, { detail: 'the town that launched it is gone', died: true });
    }
    return killed;
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.close(this.#options.graceMs).then(() => closeSync(this.#log));
    return this.#closing;
  }

  #launch(request: LaunchRequest): LaunchResult {
    const { clientToken, environment, kind } = request;
    if (!/^[\x21-\x7e]{1,64}$/.test(clientToken)) {
      return { ok: false, reason: 'refused', detail: 'a client token has 1 to 64 printable characters' };
    }
    const taskId = tokenOf(clientToken).slice(0, 32);
    if (this.#records.get(taskId)) return { ok: true, taskId };
    if (this.#closing) return { ok: false, reason: 'capacity', detail: 'the town is closing' };
    const { tasksMax, apiUrl, clock } = this.#options;
    if (this.#running.size >= tasksMax) {
      return { ok: false, reason: 'capacity', detail: `${tasksMax} tasks run already, as many as may` };
    }
    const harness = this.#pool.take();
    if (!harness.name) return { ok: false, reason: 'capacity', detail: 'the system starts no more processes' };
    const now = clock.now();
    this.#records.sweep(now);
    this.#records.save({ taskId, process: harness.name, launchedAt: now });
    const directory = join(this.#work, taskId);
    mkdirSync(directory, { recursive: true });
    this.#running.set(taskId, harness);
    const [markName = '', markValue = ''] = this.#mark.split('=');
    const task = {
      [harnessEnv.api]: apiUrl(),
      ...(kind === 'polecat' ? named(modelEnvironment, this.#options.environment) : {}),
      ...environment,
      GASTOWN_TASK: this.#taskMark(taskId),
      GASTOWN_TASK_DIR: directory,
      [markName]: markValue,
    };
    harness.run(taskId, task, (end) => {
      this.#running.delete(taskId);
      this.#pool.giveBack(harness);
      const record = this.#records.get(taskId);
      if (record) this.#ended(record, end);
    });
    this.#pool.warm();
    return { ok: true, taskId };
  }

  #stateOf(taskId: string): TaskState {
    const record = this.#records.get(taskId);
    if (!record) return { taskId, state: 'absent' };
    const { ended } = record;
    if (!ended) return { taskId, state: this.#running.has(taskId) || isSame(record.process) ? 'running' : 'stopped' };
    const { exitCode, detail } = ended;
    return { taskId, state: 'stopped', detail, ...(exitCode === undefined ? {} : { exitCode }) };
  }

  /** A harness that died has left its agent's processes and its directory behind. */
  #ended(record: TaskRecord, { died, ...end }: TaskEnd): void {
    const { taskId } = record;
    if (died) killMarked(hasEntry(`GASTOWN_TASK=${this.#taskMark(taskId)}`));
    rmSync(join(this.#work, taskId), { recursive: true, force: true, maxRetries: 3 });
    this.#records.end({ ...record, ended: { at: this.#options.clock.now(), ...end } });
    for (const listener of this.#stopped) listener(taskId, end.detail);
  }

  /** Unique on this machine, also when another town runs a task of the same name. */
  #taskMark(taskId: string): string {
    return `${taskId}.${this.#mark.slice(-12)}`;
  }
}

/**
 * What git and its transports need to reach a remote as the user does, and the keys of agents that need one of their own.
 * The harness passes none of it to an agent but PATH, LANG, TZ, and to each of those agents its key.
 */
function inherited(own: Environment): Record<string, string> {
  const keys = Object.values(presets).flatMap((preset) => preset.keys);
  return named([...transportEnvironment, ...keys, 'LANG', 'TZ', 'TMPDIR'], own);
}

/** Not in the environment of a process, which every process of the same user may read. */
const modelEnvironment = ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'];

const named = (names: readonly string[], own: Environment): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = own[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
