/** The budget of one attempt: what its calls have cost, and what those under way are allowed to. */
import { roundedUsd } from '../../../core/costs/rounded.ts';

/** Money set aside for one call. Settled once, however the call ended. */
export interface Hold {
  readonly usd: number;
  /** Less is enough (or more is needed: `false` if the budget has no room for that). */
  change(usd: number): boolean;
  settle(usd: number): void;
}

export class Spending {
  readonly budgetUsd: number;
  readonly #onChange: () => void;
  readonly #waiting: (() => void)[] = [];
  #spent = 0;
  #held = 0;

  constructor(budgetUsd: number, onChange: () => void) {
    this.budgetUsd = budgetUsd;
    this.#onChange = onChange;
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
    this.#changed();
    return {
      get usd() {
        return usd;
      },
      change: (next) => {
        if (next > usd && !this.#fitsNow(next - usd)) return false;
        this.#held += next - usd;
        usd = next;
        this.#wake();
        return true;
      },
      settle: (cost) => {
        if (!open) return;
        open = false;
        this.#held -= usd;
        this.#spent += cost;
        this.#changed();
      },
    };
  }

  #changed(): void {
    this.#wake();
    this.#onChange();
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
