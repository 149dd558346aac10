/**
 * What the planner knows of a queue: which changes are under test together, and what the runs have said of them. Kept
 * in the queue's META, so that a tick goes on from where the last one died. Positions are never stored: a chain is the
 * list of its changes that have not landed, and a failure counts from there.
 */

/** A change as the planner sees it. */
export interface Change {
  /** Its merge request's seq. */
  readonly id: string;
  /** Chance that it is bad by itself, over 0 and under 1. */
  readonly risk: number;
  /** Changes that touch the same paths belong into the same chain. */
  readonly paths?: readonly string[];
  /** Nothing is tested or landed together with it. */
  readonly alone?: true;
}

/** One run of the gates: a commit for each change of `content`, each on the one before, the first on `base`. */
export interface Run {
  /** The chain it tests a prefix of; absent: it tests `joined` alone. */
  readonly chain?: string;
  /** Ids: what had joined when it was built, then the prefix of its chain. */
  readonly content: readonly string[];
  /** The commit of main that it was built on. */
  readonly base: string;
  /** A commit for each change of `content`. */
  readonly commits: readonly string[];
}

/** Runs that failed with the same changes of a chain in them. */
export interface Failure {
  /** How many changes of the chain were in them, from 1. */
  readonly at: number;
  readonly times: number;
  /** The commit under the last of these changes, in the newest of these runs. */
  readonly below: string;
  /** `below` is landed main: only then may the first change of the chain be rejected for it. */
  readonly onMain: boolean;
}

export interface Chain {
  readonly id: string;
  /** In the order in which they would land. */
  readonly members: readonly string[];
  /** By `at`, ascending; each `at` once. */
  readonly failures: readonly Failure[];
}

export interface Board {
  readonly chains: readonly Chain[];
  /** Changes that passed apart, in the order in which they did: the next runs are built on them. */
  readonly joined: readonly string[];
  /** Runs that failed on this very `joined`, whatever their chain, and runs that passed on it. */
  readonly joinedFailures: number;
  readonly joinedPasses: number;
  /** Something passed since the last rejection, so main is known to be good. */
  readonly passedSinceCulprit: boolean;
}

export const emptyBoard: Board = {
  chains: [],
  joined: [],
  joinedFailures: 0,
  joinedPasses: 0,
  passedSinceCulprit: false,
};

/** What to do next. The caller does it, writes down what came of it, and asks again. */
export type Decision =
  /** Run the gates on `content`, built on main. `chain` absent: of what has joined alone. `members`: the chain, if it is new. */
  | {
      readonly do: 'test';
      readonly chain?: string;
      readonly members?: readonly string[];
      readonly content: readonly string[];
      /** One line for people. */
      readonly because: string;
    }
  /** The first change of this chain is bad, but for a chance of `falseChance`. */
  | { readonly do: 'reject'; readonly chain: string; readonly id: string; readonly falseChance: number }
  /** Run the gates on main itself, before anyone is blamed. */
  | { readonly do: 'check_main' }
  | { readonly do: 'wait' };
