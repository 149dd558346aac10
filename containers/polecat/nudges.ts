/** Words for a running agent, from the town or from the harness itself, as a file that only grows. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BeatAnswer } from '../../core/polecats/protocol.ts';
import type { Sandbox } from './sandbox.ts';

type Answer = Extract<BeatAnswer, { superseded: false }>;

/** Where the agent finds them: it can read there, not write. */
export const nudgeFile = ({ root }: Pick<Sandbox, 'root'>): string => join(root, 'nudges.txt');

export class Nudges {
  readonly #file: string;
  #newest: string | undefined;

  constructor(box: Pick<Sandbox, 'root'>) {
    this.#file = nudgeFile(box);
    appendFileSync(this.#file, '', { mode: 0o644 });
  }

  /** Every beat is answered with the newest nudge: it is passed on once. */
  hear({ nudge, nudgedAt }: Answer): void {
    if (nudge === null) return;
    const newest = `${nudgedAt ?? ''} ${nudge}`;
    if (newest === this.#newest) return;
    this.#newest = newest;
    this.say(nudge);
  }

  say(words: string): void {
    appendFileSync(this.#file, `${words.replaceAll('\n', ' ')}\n`);
  }

  /** Tells an agent with a time limit that it comes near. Returns how to take that back. */
  remindOfTime(timeoutMs: number): () => void {
    const leftMs = Math.min(reminderMs, timeoutMs / reminderPart);
    const left = leftMs >= 60_000 ? `${Math.round(leftMs / 60_000)} min` : `${Math.ceil(leftMs / 1000)} s`;
    const words = `${left} are left. Finish, or hand on: gt done --status handoff --note "what is done, what is left".`;
    const timer = setTimeout(() => this.say(words), timeoutMs - leftMs);
    return () => clearTimeout(timer);
  }
}

/** Of an hour five minutes are enough to write down where one is; of less an eighth. */
const reminderMs = 5 * 60_000;
const reminderPart = 8;
