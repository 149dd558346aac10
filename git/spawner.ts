/**
 * Runs git for a process that is too large to fork cheaply: forking copies the page tables of whoever forks, 3 ms for a
 * small process and over 20 ms for one of 300 MB. One JSON line a call on stdin, one a call on stdout, in any order.
 */
import { createInterface } from 'node:readline';
import { type GitAnswer, type GitCall, runGit } from './run.ts';

export interface SpawnerCall {
  readonly id: number;
  readonly call: GitCall;
  readonly machine: Readonly<Record<string, string>>;
}

export type SpawnerAnswer =
  | { readonly id: number; readonly answer: GitAnswer }
  | { readonly id: number; readonly error: string };

const say = (answer: SpawnerAnswer): void => {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, call, machine } = JSON.parse(line) as SpawnerCall;
  runGit(call, machine).then(
    (answer) => say({ id, answer }),
    (error: unknown) => say({ id, error: String(error) }),
  );
});
