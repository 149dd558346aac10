/** What may end a task before its agent or gate has: the first to come counts, but being superseded trumps all. */
export type Interruption =
  | { readonly why: 'superseded' }
  | { readonly why: 'stop'; readonly reason: string }
  /** The model proxy has refused a call for want of money. */
  | { readonly why: 'budget'; readonly detail: string }
  | { readonly why: 'terminated' };

export class Interrupt {
  #current: Interruption | undefined;
  readonly #listeners = new Set<() => void>();

  get current(): Interruption | undefined {
    return this.#current;
  }

  get superseded(): boolean {
    return this.#current?.why === 'superseded';
  }

  raise(interruption: Interruption): void {
    if (this.#current && interruption.why !== 'superseded') return;
    this.#current = interruption;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls back at once if it has happened already. Returns how to stop listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#current) listener();
    return () => this.#listeners.delete(listener);
  }

  /** Sleeps, but not longer than until an interruption. */
  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      let ignore = (): void => {};
      const end = (): void => {
        clearTimeout(timer);
        ignore();
        resolve();
      };
      const timer = setTimeout(end, ms);
      ignore = this.listen(end);
    });
  }
}

export function describe(interruption: Interruption): string {
  if (interruption.why === 'budget') return interruption.detail;
  if (interruption.why === 'stop') return `stopped by the town: ${interruption.reason}`;
  return interruption.why === 'terminated' ? 'the task was told to end (SIGTERM)' : 'superseded by a newer attempt';
}
