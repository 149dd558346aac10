/** The heartbeat: on time, and at each change of state. Its answer may end the task, or carry a word for the agent. */
import type { PolecatState } from '../../core/polecats/polecat.ts';
import type { BeatAnswer, BeatReport, Subject } from '../../core/polecats/protocol.ts';
import { textOf } from './failure.ts';
import type { Interrupt } from './interrupt.ts';
import { type Town, TownRefused } from './town.ts';

/** What the next beat says beside the state. */
type Pulse = Pick<BeatReport, 'outputBytes' | 'tail' | 'logChunks' | 'costUsd' | 'heldUsd'>;

export interface BeatsOptions {
  readonly town: Town;
  readonly subject: Subject;
  readonly interrupt: Interrupt;
  readonly everyMs: number;
  readonly pulse: () => Pulse;
  /** Called before each beat that is due by time. */
  readonly onDue?: () => void;
  /** Called with every answer that lets the task go on. */
  readonly onAnswer?: (answer: Extract<BeatAnswer, { superseded: false }>) => void;
}

export class Beats {
  readonly #options: BeatsOptions;
  readonly #timer: NodeJS.Timeout;
  #state: PolecatState = 'starting';
  #step = '';
  #sending: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: BeatsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      options.onDue?.();
      this.#beat();
    }, options.everyMs);
  }

  /** Sends a beat, without waiting for its answer. */
  enter(state: PolecatState, step: string): void {
    this.#state = state;
    this.#step = step.slice(0, 200);
    this.#beat();
  }

  /** Something that the next beat says has changed, and is not to wait for its time. */
  tell(): void {
    if (!this.#stopped) this.#beat();
  }

  /** No beat is sent after this returns. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped = true;
    this.#again = false;
    await this.#sending;
  }

  #beat(): void {
    if (this.#sending) {
      this.#again = true;
      return;
    }
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.#beat();
    });
  }

  async #send(): Promise<void> {
    const { town, subject, interrupt, pulse, onAnswer } = this.#options;
    const beat: BeatReport = { subject, state: this.#state, step: this.#step, ...pulse() };
    try {
      const answer = await town.post<BeatAnswer>('beat', beat, { patienceMs: this.#options.everyMs / 2, interrupt });
      if (answer.superseded) interrupt.raise({ why: 'superseded' });
      else if (answer.stop !== null && answer.cause === 'budget')
        interrupt.raise({ why: 'budget', detail: answer.stop });
      else if (answer.stop !== null) interrupt.raise({ why: 'stop', reason: answer.stop });
      else onAnswer?.(answer);
    } catch (error) {
      // A beat that is lost is made up for by the next one; a town that is gone is the Witness's to notice.
      process.stderr.write(`${error instanceof TownRefused ? 'beat refused' : 'beat lost'}: ${textOf(error)}\n`);
    }
  }
}
