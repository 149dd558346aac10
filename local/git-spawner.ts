/** The town's side of `git/spawner.ts`: a small process of its own that starts git for this large one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { RepoUnreachable } from '../core/errors.ts';
import type { GitAnswer, GitCall } from '../git/run.ts';
import type { SpawnerAnswer, SpawnerCall } from '../git/spawner.ts';

export interface GitSpawner {
  run(call: GitCall, machine: Readonly<Record<string, string>>): Promise<GitAnswer>;
  close(): void;
}

interface Waiting {
  resolve(answer: GitAnswer): void;
  reject(error: Error): void;
}

/** `file`: the bundled spawner. A spawner that dies is replaced at the next call; what it was running is not known. */
export function makeGitSpawner(file: string): GitSpawner {
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | undefined;
  let lastId = 0;

  const start = (): ChildProcess => {
    const started = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    started.on('error', () => lose(started));
    started.on('exit', () => lose(started));
    started.stdin?.on('error', () => lose(started));
    if (started.stdout) createInterface({ input: started.stdout }).on('line', settle);
    return started;
  };
  const settle = (line: string): void => {
    const answered = JSON.parse(line) as SpawnerAnswer;
    const waiter = waiting.get(answered.id);
    waiting.delete(answered.id);
    if ('answer' in answered) waiter?.resolve(answered.answer);
    else waiter?.reject(new RepoUnreachable(`git could not be started: ${answered.error}`));
  };
  const lose = (lost: ChildProcess): void => {
    if (child !== lost) return;
    child = undefined;
    for (const waiter of waiting.values()) waiter.reject(new RepoUnreachable('the process that runs git died'));
    waiting.clear();
  };

  return {
    run(call, machine) {
      child ??= start();
      const { stdin } = child;
      lastId += 1;
      const message: SpawnerCall = { id: lastId, call, machine };
      return new Promise((resolve, reject) => {
        waiting.set(message.id, { resolve, reject });
        stdin?.write(`${JSON.stringify(message)}\n`);
      });
    },
    close() {
      child?.stdin?.end();
    },
  };
}
