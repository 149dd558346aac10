/**
 * A task of the fleet as the town meets it: who it speaks for, how it repeats its calls, its heartbeat, and what may end
 * it. Follows containers/polecat (task.ts, town.ts, beats.ts, interrupt.ts), in virtual time.
 */
import { sumUsd } from '../../../core/costs/rounded.ts';
import { limits } from '../../../core/limits.ts';
import type { PolecatState } from '../../../core/polecats/polecat.ts';
import type { Subject } from '../../../core/polecats/protocol.ts';
import type { Actor } from '../kernel/actor.ts';
import type { Random } from '../kernel/random.ts';
import type { ApiAnswer, Stage } from '../kernel/stage.ts';

export interface Task {
  readonly stage: Stage;
  readonly actor: Actor;
  readonly subject: Subject;
  readonly token: string | undefined;
  readonly random: Random;
  readonly interrupt: Interrupt;
  /** A moment at which its process, or its host, may be gone: then this never resolves. */
  moment(name: Moment): Promise<void>;
  /** Its process dies here and now. */
  die(): Promise<never>;
  /** Its host is cut off for good: it runs for the fleet, and nobody hears of it again, nor of its end. */
  vanish(): Promise<never>;
  /** It heeds neither stops nor signals, and nobody can end it: a host that is cut off from its fleet. */
  deaf: boolean;
  /** Money that is gone, whoever hears of it. */
  onSpent(usd: number): void;
}

export const moments = ['claimed', 'cloned', 'worked', 'pushed', 'reported'] as const;
type Moment = (typeof moments)[number];

/** The first to come counts, but being superseded trumps all. */
export class Interrupt {
  why: 'superseded' | 'stopped' | 'terminated' | undefined;
  readonly #abort = new AbortController();

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  raise(why: NonNullable<Interrupt['why']>): void {
    if (this.why && why !== 'superseded') return;
    this.why = why;
    this.#abort.abort();
  }
}

/** An answer of 4xx: asking again changes nothing. */
export class TownRefused extends Error {}
export class TownUnreachable extends Error {}

const backoffFirstMs = 40;
const backoffMaxMs = 5_000;
export const claimPatienceMs = limits.heartbeatLateMs;
export const reportPatienceMs = 10 * 60_000;

/** Repeats the call while the town cannot be reached, for as long as the patience lasts. */
export async function post(
  task: Task,
  path: string,
  body: object,
  patienceMs: () => number,
): Promise<ApiAnswer['body']> {
  const { stage, actor, token, random, interrupt } = task;
  const startedAt = stage.scheduler.now;
  const request = {
    method: 'POST',
    path: `/v1/polecat/${path}`,
    body,
    ...(token === undefined ? {} : { token }),
  } as const;
  for (let tries = 1; ; tries += 1) {
    const answer = await stage.api(actor, request).catch((error: Error) => error);
    const status = answer instanceof Error ? 0 : answer.status;
    if (!(answer instanceof Error) && status < 300) return answer.body;
    if (isFinal(status)) throw new TownRefused(`${path}: ${status} ${JSON.stringify((answer as ApiAnswer).body)}`);
    const mostMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(tries, 10));
    const restMs = random.between(mostMs / 2, mostMs);
    if (interrupt.why || stage.scheduler.now + restMs > startedAt + patienceMs())
      throw new TownUnreachable(`${path}: no answer in ${tries} tries`);
    await stage.scheduler.sleep(actor, restMs, interrupt.signal);
  }
}

const isFinal = (status: number): boolean =>
  status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429;

/** A real task beats each 30 s. This one spares the simulator three of four beats; the town must bear that many lost. */
const beatEveryMs = 110_000;

/** One beat at a time: what changes while one is on its way is said by the next. */
export class Beats {
  readonly #task: Task;
  readonly #over = new AbortController();
  #state: PolecatState = 'starting';
  #step = '';
  #count = 0;
  #sending: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #outputBytes = 0;
  #spentUsd = 0;
  #heldUsd = 0;
  /** Nothing is heard of it any more, though it goes on. */
  silent = false;
  /** Nothing comes of its work. */
  idle = false;

  constructor(task: Task) {
    this.#task = task;
    void this.#onTime();
  }

  get spentUsd(): number {
    return this.#spentUsd;
  }

  enter(state: PolecatState, step: string): void {
    this.#state = state;
    this.#step = step;
    void this.#beat();
  }

  /** A call of a model, which is sent only once the town has taken down what it may cost. */
  async spend(mostUsd: number, usd: number): Promise<void> {
    this.#heldUsd = mostUsd;
    const known = await this.#beat();
    this.#heldUsd = 0;
    if (!known) return;
    this.#task.onSpent(usd);
    this.#spentUsd = sumUsd([this.#spentUsd, usd]);
    void this.#beat();
  }

  /** No beat is sent after this returns. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#sending;
  }

  async #onTime(): Promise<void> {
    const { stage, actor } = this.#task;
    while (!this.#over.signal.aborted) {
      await stage.scheduler.sleep(actor, beatEveryMs, this.#over.signal);
      if (!this.#over.signal.aborted) void this.#beat();
    }
  }

  #beat(): Promise<boolean> {
    if (this.silent || this.#over.signal.aborted) return Promise.resolve(false);
    if (!this.idle) this.#outputBytes += 1;
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

  /** Whether the town has written it down, and wants the task to go on. */
  async #send(): Promise<boolean> {
    const { subject, interrupt } = this.#task;
    this.#count += 1;
    const beat = {
      ...{ subject, n: this.#count, state: this.#state, step: this.#step, tail: '', logChunks: [] },
      ...{ costUsd: this.#spentUsd, heldUsd: this.#heldUsd, outputBytes: this.#outputBytes },
    };
    try {
      const answer = await post(this.#task, 'beat', beat, () => limits.heartbeatEveryMs / 2);
      if (answer.superseded) interrupt.raise('superseded');
      else if (typeof answer.stop === 'string') interrupt.raise('stopped');
      else return true;
    } catch (error) {
      if (!(error instanceof TownRefused || error instanceof TownUnreachable)) throw error;
    }
    return false;
  }
}
