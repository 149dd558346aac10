/**
 * What can be cancelled as one: an execution, or the branches of a Parallel or Map. Whatever waits in a cancelled scope
 * gives back its timers and tokens and never goes on; nobody holds its promise any more.
 */
export class Scope {
  #cancelled = false;
  readonly #cleanups = new Set<() => void>();
  readonly #leave: () => void;

  constructor(parent?: Scope) {
    this.#leave = parent ? parent.onCancel(() => this.cancel()) : () => undefined;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Returns a function that takes the cleanup back. */
  onCancel(cleanup: () => void): () => void {
    this.#cleanups.add(cleanup);
    return () => this.#cleanups.delete(cleanup);
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#leave();
    for (const cleanup of this.#cleanups) cleanup();
    this.#cleanups.clear();
  }

  /** Waits for the first of `resolve` and `reject`, then runs the cleanup that `begin` returned. */
  wait<T>(begin: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#cancelled) return;
      let over = false;
      const settle =
        <V>(act: (value: V) => void) =>
        (value: V): void => {
          if (over) return;
          over = true;
          leave();
          cleanup();
          act(value);
        };
      const leave = this.onCancel(() => {
        over = true;
        cleanup();
      });
      let cleanup: () => void = () => undefined;
      const begun = begin(settle(resolve), settle(reject));
      if (over) begun();
      else cleanup = begun;
    });
  }
}
