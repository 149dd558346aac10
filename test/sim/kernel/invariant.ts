/**
 * What must hold after every step. An invariant is made anew for each run, so it may remember; it is asked after each
 * step that did more than read, and looks at what that step changed: then a run costs what it does, not what exists.
 *
 * To add one: a file in test/sim/invariants that exports a `MakeInvariant`, and its name in the list there.
 */
import type { Instant, Item, Key, Ports } from '../../../core/ports.ts';
import type { Scenario } from './scenario.ts';
import type { RefMoved, Remotes, SimFleet } from './stage.ts';

export interface ItemChange {
  readonly key: Key;
  readonly was: Item | undefined;
  readonly is: Item | undefined;
}

/** A call of a port that acted in this step, with what came of it. The world changes through these alone. */
export interface PortCall {
  /** Who called: `refinery#12`. */
  readonly who: string;
  readonly port: keyof Ports;
  readonly method: string;
  readonly args: readonly unknown[];
  /** What it answered, whether or not the caller ever hears it; absent if it threw. */
  readonly answer?: unknown;
}

export interface Seen {
  readonly now: Instant;
  readonly scenario: Scenario;
  /** Of the last step. Their bodies are the record's own: not to be changed. */
  readonly changed: readonly ItemChange[];
  readonly moved: readonly RefMoved[];
  /** The step's own call is the last one; those before it only read, in steps that changed nothing. */
  readonly calls: readonly PortCall[];
  /** The town was killed in this step. */
  readonly killed: boolean;
  get<Body>(key: Key): Item<Body> | undefined;
  /** Items of a partition whose sort keys start so, in no order. */
  partition<Body>(pk: string, prefix?: string): readonly Item<Body>[];
  partitions(): Iterable<string>;
  readonly git: Remotes;
  readonly fleet: SimFleet;
  /** What the Mayor's calls of its model cost in truth. */
  readonly mayorUsd: number;
}

export interface Invariant {
  /** A claim: `a change lands once`. */
  readonly name: string;
  /** The breach, in words with names and numbers; nothing if it holds. */
  check(seen: Seen): string | undefined;
  /** Asked once more when all has come to rest; `changed`, `moved` and `calls` are empty then. */
  atRest?(seen: Seen): string | undefined;
}

export type MakeInvariant = () => Invariant;
