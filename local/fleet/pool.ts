/** Harnesses that wait for work: starting Node costs more than what the harness does for a small bead. */
import { Harness, type HarnessOptions } from './harness.ts';

/** Kept for a moment after a burst; then only `waitingMax` stay. */
const idleMax = 8;
const trimAfterMs = 10_000;

export class HarnessPool {
  readonly #options: HarnessOptions;
  readonly #waitingMax: number;
  readonly #idle: Harness[] = [];
  readonly #all = new Set<Harness>();
  #trim: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: HarnessOptions, waitingMax: number) {
    this.#options = options;
    this.#waitingMax = waitingMax;
  }

  /** Starts as many as may wait. */
  warm(): void {
    while (!this.#closed && this.#idle.length < this.#waitingMax) this.#idle.push(this.#start());
  }

  take(): Harness {
    for (let harness = this.#idle.pop(); harness; harness = this.#idle.pop()) if (harness.free) return harness;
    return this.#start();
  }

  giveBack(harness: Harness): void {
    if (!harness.free) return;
    if (this.#closed || this.#idle.length >= idleMax) harness.terminate();
    else this.#idle.push(harness);
    this.#trim ??= setTimeout(() => {
      this.#trim = undefined;
      for (const extra of this.#idle.splice(this.#waitingMax)) extra.terminate();
    }, trimAfterMs).unref();
  }

  /** Tells all to end; the ones at work push what there is first. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#trim);
    for (const harness of this.#all) harness.terminate();
    const deadline = Date.now() + graceMs;
    while (this.#all.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const harness of this.#all) harness.kill();
    while (this.#all.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  #start(): Harness {
    const harness = new Harness(this.#options, (gone) => this.#all.delete(gone));
    this.#all.add(harness);
    return harness;
  }
}
