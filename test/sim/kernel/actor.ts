/**
 * Whoever may die alone: one run of a function, a modelled polecat, the town's own machinery. A crash is what `kill -9`
 * is: it bumps the generation, and what an earlier generation waits for never comes. Nothing of it runs again: no
 * `finally`, no `catch`. Whoever starts it again builds its handler anew.
 */
export class Actor {
  readonly name: string;
  #generation = 0;
  /** Calls that it waits for: at least one while it works, or nobody would ever wake it. */
  calls = 0;
  /** It has work that has not come to its end. */
  busy = false;

  constructor(name: string) {
    this.name = name;
  }

  get generation(): number {
    return this.#generation;
  }

  crash(): void {
    this.#generation += 1;
    this.calls = 0;
    this.busy = false;
  }
}

/** What the dead wait for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
