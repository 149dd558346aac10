/** What was so at some moment since a run of a function began: it may have decided on any of that. */
import type { Seen } from '../kernel/invariant.ts';

/** When each run made its first call. To be told of every step. */
export class Beginnings {
  readonly #at = new Map<string, number>();
  #step = 0;

  look(seen: Seen): void {
    this.#step += 1;
    for (const { who } of seen.calls) if (!this.#at.has(who)) this.#at.set(who, this.#step);
  }

  get now(): number {
    return this.#step;
  }

  of(who: string): number {
    return this.#at.get(who) ?? this.#step;
  }
}

/** A value over time. */
export class History<T> {
  readonly #values: { readonly from: number; readonly value: T }[] = [];

  is(value: T, step: number): void {
    this.#values.push({ from: step, value });
  }

  /** What it was then, and what it has become since. */
  since(step: number): T[] {
    const first = this.#values.findLastIndex(({ from }) => from < step);
    return this.#values.slice(Math.max(0, first)).map(({ value }) => value);
  }

  get all(): readonly T[] {
    return this.#values.map(({ value }) => value);
  }
}

/** A history for each name. */
export class Histories<T> {
  readonly #of = new Map<string, History<T>>();

  of(name: string): History<T> {
    const known = this.#of.get(name) ?? new History<T>();
    this.#of.set(name, known);
    return known;
  }
}
