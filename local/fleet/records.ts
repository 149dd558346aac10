/** One small file for each task: what the next town needs to know of it if this one is killed. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instant } from '../../core/ports.ts';
import type { ProcessName } from './processes.ts';

export interface TaskRecord {
  readonly taskId: string;
  /** The harness that runs it. */
  readonly process: ProcessName;
  readonly launchedAt: Instant;
  readonly ended?: { readonly at: Instant; readonly exitCode?: number; readonly detail: string };
}

/** As long as ECS remembers a client token. */
const keptMs = 24 * 60 * 60_000;
const sweepEveryMs = 60 * 60_000;

export class TaskRecords {
  readonly #dir: string;
  readonly #records = new Map<string, TaskRecord>();
  #sweptAt: Instant = 0;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
    for (const name of readdirSync(dir).filter((file) => file.endsWith('.json'))) {
      const record = JSON.parse(readFileSync(join(dir, name), 'utf8')) as TaskRecord;
      this.#records.set(record.taskId, record);
    }
  }

  get(taskId: string): TaskRecord | undefined {
    return this.#records.get(taskId);
  }

  all(): readonly TaskRecord[] {
    return [...this.#records.values()];
  }

  save(record: TaskRecord): void {
    const file = this.#fileOf(record.taskId);
    writeFileSync(`${file}.new`, JSON.stringify(record));
    renameSync(`${file}.new`, file);
    this.#records.set(record.taskId, record);
  }

  /**
   * The end is kept in memory whatever the disk says: nobody could be told of a failure here, and a town that finds the
   * old record later finds the process gone, which says the same.
   */
  end(record: TaskRecord): void {
    this.#records.set(record.taskId, record);
    try {
      this.save(record);
    } catch (error) {
      console.error(`The end of task ${record.taskId} could not be kept: ${String(error)}`);
    }
  }

  /** Forgets what ended a day ago. */
  sweep(now: Instant): void {
    if (now - this.#sweptAt < sweepEveryMs) return;
    this.#sweptAt = now;
    for (const { taskId, ended } of this.#records.values()) {
      if (!ended || now - ended.at < keptMs) continue;
      rmSync(this.#fileOf(taskId), { force: true });
      this.#records.delete(taskId);
    }
  }

  #fileOf(taskId: string): string {
    return join(this.#dir, `${taskId}.json`);
  }
}
