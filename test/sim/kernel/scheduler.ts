/**
 * Who moves next, and what time it is. Everything that could happen in another order waits here, parked; each step
 * releases one, drawn from the seed, and lets what follows from it come to rest. Time passes a little with each step, and
 * leaps to the next deadline when nobody can move.
 *
 * Plug in by calling `call` around whatever reaches outside its actor, and `sleep` for time. Nothing else may wait.
 */
import type { Instant } from '../../../core/ports.ts';
import { type Actor, never } from './actor.ts';
import { makeHeap } from './heap.ts';
import type { Random } from './random.ts';

export interface Parked {
  readonly actor: Actor;
  readonly generation: number;
  /** What it is about to do, in a word or two. */
  readonly label: string;
  readonly readyAt: Instant;
  readonly order: number;
  /** Absent once it has been released, or its sleep was cut short. */
  release: (() => void) | undefined;
}

/** Milliseconds that pass with a step, at most. */
const latencyMaxMs = 20;
/** Turns of the event loop in which a step must come to rest. */
const turnsMax = 64;

const earlier = (a: Parked, b: Parked): boolean =>
  a.readyAt < b.readyAt || (a.readyAt === b.readyAt && a.order < b.order);
const isLive = ({ actor, generation, release }: Parked): boolean =>
  release !== undefined && actor.generation === generation;
// The last one that runs for real: the trap on the global takes it from everybody else.
const nextTurn = setImmediate;

export class Scheduler {
  readonly #random: Random;
  readonly #later = makeHeap<Parked>(earlier);
  readonly #ready: Parked[] = [];
  readonly #busy = new Set<Actor>();
  #now: Instant;
  #order = 0;
  /** From now on whoever has waited longest goes first. */
  orderly = false;

  constructor(random: Random, start: Instant) {
    this.#random = random;
    this.#now = start;
  }

  get now(): Instant {
    return this.#now;
  }

  /** Resolves when it is this one's turn; never, if the actor crashed before. */
  park(actor: Actor, label: string, delayMs = 0): Promise<void> {
    return new Promise((resolve) => void this.#add(actor, label, delayMs, resolve));
  }

  /** As `Clock.sleep`: resolves after `ms`, or at once when `cancel` is aborted. */
  async sleep(actor: Actor, ms: number, cancel?: AbortSignal): Promise<void> {
    if (cancel?.aborted) return;
    const { generation } = actor;
    actor.calls += 1;
    await new Promise<void>((resolve) => {
      const awake = (): void => {
        parked.release = undefined;
        cancel?.removeEventListener('abort', awake);
        resolve();
      };
      const parked = this.#add(actor, 'sleep', Math.max(0, ms), awake);
      cancel?.addEventListener('abort', awake);
    });
    if (actor.generation !== generation) return never();
    actor.calls -= 1;
  }

  /**
   * Parks before it acts and, if it changes something, before it answers. `act` runs between the two, in one step if it
   * waits for nobody. What a reader does with its answer parks again before anyone can see it.
   */
  async call<T>(actor: Actor, label: string, act: () => Promise<T> | T, delayMs = 0, isReading = false): Promise<T> {
    const { generation } = actor;
    actor.calls += 1;
    await this.park(actor, label, delayMs);
    let answer: { readonly is: T } | { readonly thrown: unknown };
    try {
      answer = { is: await act() };
    } catch (thrown) {
      answer = { thrown };
    }
    if (actor.generation !== generation) return never();
    if (!isReading) await this.park(actor, `${label} ✓`);
    actor.calls -= 1;
    if ('thrown' in answer) throw answer.thrown;
    return answer.is;
  }

  /** Work of an actor from its beginning to its end. Never resolves if it crashes on the way. */
  async run<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
    if (actor.busy) throw new Error(`BUG: ${actor.name} is at work already`);
    const { generation } = actor;
    actor.busy = true;
    this.#busy.add(actor);
    try {
      return await work();
    } finally {
      if (actor.generation === generation) {
        actor.busy = false;
        this.#busy.delete(actor);
      }
    }
  }

  /** Releases one and lets it come to rest. Returns it; `undefined` if nobody waits for anything. */
  async step(): Promise<Parked | undefined> {
    const next = this.#next();
    if (!next) return undefined;
    const { release } = next;
    next.release = undefined;
    this.#now = Math.max(this.#now + this.#random.between(0, latencyMaxMs), next.readyAt);
    release?.();
    await this.settle();
    return next;
  }

  /** Lets everything run that can without anybody being released. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < turnsMax; turns += 1) {
      await new Promise<void>((resolve) => void nextTurn(resolve));
      if (!this.#runaway()) return;
    }
    throw new Error(`${this.#runaway()?.name} runs on and waits for nothing that the simulator knows of`);
  }

  #runaway(): Actor | undefined {
    for (const actor of this.#busy) {
      if (!actor.busy) this.#busy.delete(actor);
      else if (actor.calls === 0) return actor;
    }
    return undefined;
  }

  #add(actor: Actor, label: string, delayMs: number, release: () => void): Parked {
    this.#order += 1;
    const { generation } = actor;
    const parked: Parked = {
      actor,
      generation,
      label,
      readyAt: this.#now + Math.ceil(delayMs),
      order: this.#order,
      release,
    };
    if (delayMs > 0) this.#later.push(parked);
    else this.#ready.push(parked);
    return parked;
  }

  #next(): Parked | undefined {
    for (;;) {
      for (let due = this.#later.peek(); due && (due.readyAt <= this.#now || !isLive(due)); due = this.#later.peek()) {
        this.#later.pop();
        if (isLive(due)) this.#ready.push(due);
      }
      const place = this.#choose();
      const chosen = this.#ready[place];
      if (!chosen) return this.#later.pop();
      // The order in which they stand here means nothing: the last one fills the gap, unless order is wanted.
      if (this.orderly) this.#ready.splice(place, 1);
      else {
        const last = this.#ready.pop();
        if (last && last !== chosen) this.#ready[place] = last;
      }
      if (isLive(chosen)) return chosen;
    }
  }

  #choose(): number {
    if (!this.orderly) return this.#random.between(0, this.#ready.length - 1);
    let first = 0;
    for (const [place, { order }] of this.#ready.entries()) if (order < (this.#ready[first]?.order ?? 0)) first = place;
    return first;
  }
}
