/** The budget of one attempt: what its calls have cost, and what those under way are allowed to. */
import { roundedUsd } from '../../../core/costs/rounded.ts';

/** Money set aside for one call. Settled once, however the call ended. */
export interface Hold {
  readonly usd: number;
  /** Whether the town has it on record: before that nothing is spent of it. */
  readonly known: Promise<boolean>;
  /** Less is enough (or more is needed: `false` if the budget has no room for that). */
  change(usd: number): boolean;
  settle(usd: number): void;
}

export class Spending {
  readonly budgetUsd: number;
  readonly #tell: () => Promise<boolean>;
  readonly #waiting: (() => void)[] = [];
  #spent = 0;
  #held = 0;

  constructor(budgetUsd: number, tell: () => Promise<boolean>) {
    this.budgetUsd = budgetUsd;
    this.#tell = tell;
  }

  get spentUsd(): number {
    return roundedUsd(this.#spent);
  }

  /** The most that calls under way may cost. */
  get heldUsd(): number {
    return roundedUsd(this.#held);
  }

  get leftUsd(): number {
    return Math.max(0, roundedUsd(this.budgetUsd - this.#spent));
  }

  /** There is room for it, once the calls under way have ended and cost nothing. */
  mayFit(usd: number): boolean {
    return roundedUsd(this.#spent + usd) <= this.budgetUsd;
  }

  /** Waits for calls under way, which cost less than was held for them; `undefined`: the budget has no room for it. */
  async hold(usd: number, signal: AbortSignal): Promise<Hold | undefined> {
    for (;;) {
      if (signal.aborted || !this.mayFit(usd)) return undefined;
      if (this.#fitsNow(usd)) return this.#take(usd);
      await this.#nextChange(signal);
    }
  }

  #fitsNow = (usd: number): boolean => roundedUsd(this.#spent + this.#held + usd) <= this.budgetUsd;

  #take(first: number): Hold {
    let usd = first;
    let open = true;
    this.#held += usd;
    const known = this.#changed();
    return {
      known,
      get usd() {
        return usd;
      },
      change: (next) => {
        const more = next > usd;
        if (more && !this.#fitsNow(next - usd)) return false;
        this.#held += next - usd;
        usd = next;
        if (more) void this.#changed();
        else this.#wake();
        return true;
      },
      settle: (cost) => {
        if (!open) return;
        open = false;
        this.#held -= usd;
        this.#spent += cost;
        void this.#changed();
      },
    };
  }

  #changed(): Promise<boolean> {
    this.#wake();
    return this.#tell();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.push(wake);
    });
  }
}
