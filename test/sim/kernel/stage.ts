/**
 * What the models of the world outside the town are given, and what they must be. The git model (test/sim/git) stands
 * for the remotes; the actors (test/sim/actors) stand for polecats, gate tasks and CI. Both draw chance from streams of
 * the seed, time from the scheduler, and wait for nothing else.
 */

import type { Subject } from '../../../core/polecats/protocol.ts';
import type { Clock, Fleet, Instant, Oid, Repo } from '../../../core/ports.ts';
import type { Actor } from './actor.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';

/** A ref of a remote moved; `undefined` is absence. */
export interface RefMoved {
  readonly url: string;
  readonly ref: string;
  readonly from: Oid | undefined;
  readonly to: Oid | undefined;
}

/** Paths to contents. */
export type Tree = ReadonlyMap<string, string>;

export interface ModelCommit {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly message: string;
}

/**
 * Remotes in memory. `repo` answers at once and draws no fault: the kernel parks it and lets it fail. The rest is what
 * everybody but the Refinery does to a remote, also at once.
 */
export interface GitModel {
  readonly repo: Repo;
  /** A repository with one commit on `main`. */
  create(url: string): void;
  readRef(url: string, ref: string): Oid | undefined;
  commit(url: string, oid: Oid): ModelCommit | undefined;
  tree(url: string, oid: Oid): Tree;
  /** Every commit reachable from `from`, newest first. */
  log(url: string, from: Oid): readonly ModelCommit[];
  /** A commit on top of `parent` with these paths written (`undefined`: removed). It is on no ref yet. */
  write(
    url: string,
    commit: {
      parent: Oid;
      files: ReadonlyMap<string, string | undefined>;
      message: string;
      author: string;
      at: Instant;
    },
  ): Oid;
  /** Moves a ref if it is at `from` (`undefined`: absent), forced or not; `undefined` as `to` deletes. False if not. */
  moveRef(url: string, ref: string, move: { from: Oid | undefined; to: Oid | undefined }): boolean;
  /** Hears of every move of a ref, the Refinery's too. */
  onMoved(listener: (moved: RefMoved) => void): void;
}

/** One request to the town's API, over a network: it may be lost, doubled, slow, or its answer lost. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  /** Bearer token; absent: a person's. */
  readonly token?: string;
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
  readonly git: GitModel;
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
  /** Tasks that have not stopped, for invariants. */
  running(): readonly { readonly taskId: string; readonly subject: Subject; readonly actor: Actor }[];
}

export type MakeFleet = (stage: Stage) => SimFleet;
export type MakeGit = (random: Random) => GitModel;
