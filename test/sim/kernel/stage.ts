/**
 * What the models of the world outside the town are given, and what they must be. The git model (test/sim/git) stands
 * for the remotes; the actors (test/sim/actors) stand for polecats, gate tasks and CI. Both draw chance from streams of
 * the seed, time from the scheduler, and wait for nothing else.
 */

import type { Subject } from '../../../core/polecats/protocol.ts';
import type { Clock, Fleet } from '../../../core/ports.ts';
import type { Commit } from '../git/objects.ts';
import type { Origin } from '../git/origin.ts';
import type { Actor } from './actor.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';

/** A ref of a remote moved; `undefined` is absence. */
export interface RefMoved {
  readonly url: string;
  readonly ref: string;
  readonly from: Commit | undefined;
  readonly to: Commit | undefined;
  /** Without a lease and wherever it led: never a landing of the town. */
  readonly forced: boolean;
}

/** The remotes, by URL. A push to one is a push of anybody: the kernel hears of every ref that moves. */
export interface Remotes {
  origin(url: string): Origin;
  readonly origins: ReadonlyMap<string, Origin>;
  /** Hears of every ref that moves, whoever moved it: how a CI learns what to run on. */
  onMoved(listener: (moved: RefMoved) => void): void;
}

/** One request to the town's API, over a network: it may be lost, doubled, slow, or its answer lost. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  /** Bearer token; absent: a person's. */
  readonly token?: string;
  readonly idempotencyKey?: string;
  readonly body?: object;
}
export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Stage {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly git: Remotes;
  /** A stream of chance by name. */
  random(name: string): Random;
  /** The clock of an actor; skewed, if the seed says so. */
  clock(actor: Actor): Clock;
  /** Parks `actor`; throws `Unavailable` if no answer came in time. */
  api(actor: Actor, request: ApiRequest): Promise<ApiAnswer>;
  /** A line of the trace, in the words of the town. */
  tell(who: string, what: string): void;
}

/** The fleet of modelled tasks. `launch`, `stop` and `list` act at once: the kernel parks them and lets them fail. */
export interface SimFleet extends Fleet {
  /** The news that ECS, or a child process, gives of its end. */
  onStopped(listener: (subject: Subject) => void): void;
  /** What the next town on a laptop does with what the killed one left running. */
  killOrphans(): void;
  /** Every call of a model that was paid for, in order: true whoever heard of it. For invariants. */
  readonly spendings: readonly { readonly subject: Subject; readonly usd: number }[];
  /** Tasks that have not stopped, for invariants. */
  running(): readonly { readonly taskId: string; readonly subject: Subject; readonly actor: Actor }[];
}

/** A CI of each rig that wants one: it runs on what is pushed to candidate branches, and reports through the API. */
export type MakeCi = (stage: Stage) => void;
