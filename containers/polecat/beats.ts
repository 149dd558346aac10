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
  #count = 0;
  #sending: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #stopped = false;

  constructor(options: BeatsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      options.onDue?.();
      void this.#beat();
    }, options.everyMs);
  }

  /** Sends a beat, without waiting for its answer. */
  enter(state: PolecatState, step: string): void {
    this.#state = state;
    this.#step = step.slice(0, 200);
    void this.#beat();
  }

  /**
   * Something that a beat says has changed, and is not to wait for its time. Whether the town has written it down, and
   * wants the task to go on.
   */
  tell(): Promise<boolean> {
    return this.#beat();
  }

  /** No beat is sent after this returns. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped = true;
    await this.#sending;
  }

  /** One at a time: what changes while one is on its way is said by the next. */
  #beat(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    if (this.#sending) {
      this.#next ??= this.#sending.then(() => {
        this.#next = undefined;
        return this.#beat();
      });
      return this.#next;
    }
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #send(): Promise<boolean> {
    const { town, subject, interrupt, pulse, onAnswer } = this.#options;
    this.#count += 1;
    const beat: BeatReport = { subject, n: this.#count, state: this.#state, step: this.#step, ...pulse() };
    try {
      const answer = await town.post<BeatAnswer>('beat', beat, { patienceMs: this.#options.everyMs / 2, interrupt });
      if (answer.superseded) interrupt.raise({ why: 'superseded' });
      else if (answer.stop !== null && answer.cause === 'budget')
        interrupt.raise({ why: 'budget', detail: answer.stop });
      else if (answer.stop !== null) interrupt.raise({ why: 'stop', reason: answer.stop });
      else {
        onAnswer?.(answer);
        return true;
      }
    } catch (error) {
      // A beat that is lost is made up for by the next one; a town that is gone is the Witness's to notice.
      process.stderr.write(`${error instanceof TownRefused ? 'beat refused' : 'beat lost'}: ${textOf(error)}\n`);
    }
    return false;
  }
}
