/** A harness process that takes tasks one after another, each as a line on its standard input. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type ProcessName, signalGroup, startTimeOf } from './processes.ts';

export interface TaskEnd {
  readonly exitCode?: number;
  readonly detail: string;
  /** The process is gone as well, so it has not cleaned up behind its task. */
  readonly died: boolean;
}

export interface HarnessOptions {
  /** The bundled harness. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where its complaints go: a file that is open for appending. */
  readonly log: number;
}

export class Harness {
  readonly #child: ChildProcess;
  readonly name: ProcessName | undefined;
  #onEnd: ((end: TaskEnd) => void) | undefined;
  #gone = false;
  #leaving = false;

  constructor(options: HarnessOptions, onGone: (harness: Harness) => void) {
    // A group of its own: what is typed at the town's terminal does not reach it, and it can be killed whole.
    this.#child = spawn(process.execPath, [options.file, '--pool'], {
      detached: true,
      stdio: ['pipe', 'pipe', options.log],
      env: options.environment,
    });
    const { pid, stdin, stdout } = this.#child;
    const startTime = pid === undefined ? undefined : startTimeOf(pid);
    this.name = pid === undefined || startTime === undefined ? undefined : { pid, startTime };
    const gone = (detail: string, exitCode?: number): void => {
      if (this.#gone) return;
      this.#gone = true;
      onGone(this);
      this.#end({ detail, died: true, ...(exitCode === undefined ? {} : { exitCode }) });
    };
    this.#child.on('error', (error) => gone(`the harness did not start: ${error.message}`));
    this.#child.on('exit', (code, signal) =>
      gone(signal ? `the harness was killed by ${signal}` : `the harness ended with status ${code}`, code ?? undefined),
    );
    // Written to a process that is just ending: its exit tells.
    stdin?.on('error', () => {});
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.#hear(line));
    // Waiting harnesses do not keep a town up.
    this.#child.unref();
    (stdin as Socket | null)?.unref();
    (stdout as Socket | null)?.unref();
  }

  /** It can be given a task. */
  get free(): boolean {
    return !this.#gone && !this.#leaving && !this.#onEnd && this.name !== undefined;
  }

  run(taskId: string, environment: Readonly<Record<string, string>>, onEnd: (end: TaskEnd) => void): void {
    this.#onEnd = onEnd;
    this.#child.stdin?.write(`${JSON.stringify({ taskId, environment })}\n`);
  }

  /** It finishes what it has in hand, and ends. */
  terminate(): void {
    this.#leaving = true;
    if (!this.#gone) this.#child.kill('SIGTERM');
  }

  kill(): void {
    this.#leaving = true;
    if (!this.#gone) signalGroup(this.#child.pid, 'SIGKILL');
  }

  #hear(line: string): void {
    const { exitCode, detail } = JSON.parse(line) as { exitCode: number; detail: string };
    this.#end({ exitCode, detail, died: false });
  }

  #end(end: TaskEnd): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(end);
  }
}
