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
  /** Takes the next free slot, apart from what is not urgent. */
  readonly urgent?: true;
  /** Overtaken as often as any may be: what stands in its way is not added to. */
  readonly overdue?: true;
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
  /** The board's when it was started; absent: 0. One from before somebody else moved main proves nothing of main since. */
  readonly era?: number;
}

/** Runs that failed with the same changes of a chain in them. */
export interface Failure {
  /** How many changes of the chain were in them, from 1. */
  readonly at: number;
  readonly times: number;
  /** How many of them were built on what has joined by now: should that be to blame, they say nothing of this chain. */
  readonly onJoined: number;
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
  /** What did not fit behind it was left out: it is tested as it is, so that every build comes to a run in the end. */
  readonly shortened?: true;
}

export interface Board {
  readonly chains: readonly Chain[];
  /** Changes that passed apart, in the order in which they did: the next runs are built on them. */
  readonly joined: readonly string[];
  /** Runs that failed on this very `joined`, whatever their chain. One that passes on it lands it, or adds to it. */
  readonly joinedFailures: number;
  /** Something passed since the last rejection, so main is known to be good. */
  readonly passedSinceCulprit: boolean;
  /** How often someone else has moved main. */
  readonly era: number;
  /** Changes that could not be built on others that are here: they wait until none of those is here any more. */
  readonly held: readonly { readonly id: string; readonly behind: readonly string[] }[];
  /** The next chain's id. */
  readonly nextChain: number;
}

export const emptyBoard: Board = {
  chains: [],
  joined: [],
  joinedFailures: 0,
  passedSinceCulprit: false,
  era: 0,
  held: [],
  nextChain: 1,
};

/** What to do next. The caller does it, writes down what came of it, and asks again. */
export type Decision =
  /**
   * Run the gates on `content`, built on main. `chain` absent: of what has joined alone. `members`: the chain, if it is
   * new or longer than it was.
   */
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

/** `joined`, or main under it, is not what it was: what runs said of it is over. */
const afresh = (board: Board): Board => ({
  ...board,
  joinedFailures: 0,
  chains: board.chains.map((chain) => ({
    ...chain,
    failures: chain.failures.map((failure) => ({ ...failure, onJoined: 0 })),
  })),
});

const leading = (members: readonly string[], within: ReadonlySet<string>): number => {
  const end = members.findIndex((id) => !within.has(id));
  return end < 0 ? members.length : end;
};

/** Its first `count` changes passed: runs that failed with no other in them were flakes, the others stand. */
const withoutFirst = (chain: Chain, count: number): Chain => ({
  ...chain,
  members: chain.members.slice(count),
  failures: chain.failures.flatMap((failure) => (failure.at > count ? [{ ...failure, at: failure.at - count }] : [])),
});

/** Cut before the first of `ids`: what stands behind returns to the line, and with it the failures that it was in. */
function cutBefore(chain: Chain, ids: ReadonlySet<string>): Chain {
  const count = chain.members.findIndex((id) => ids.has(id));
  if (count < 0) return chain;
  return {
    ...chain,
    members: chain.members.slice(0, count),
    failures: chain.failures.filter((failure) => failure.at <= count),
  };
}

/** Every change in a chain or joined: what is not in the line. */
export const onBoard = (board: Pick<Board, 'chains' | 'joined'>): Set<string> =>
  new Set([...board.joined, ...board.chains.flatMap((chain) => chain.members)]);

function tidy(board: Board): Board {
  const chains = board.chains.filter((chain) => chain.members.length > 0);
  if (board.held.length === 0) return { ...board, chains };
  const here = onBoard({ ...board, chains });
  return { ...board, chains, held: board.held.filter(({ behind }) => behind.some((id) => here.has(id))) };
}

/**
 * Without the chains that no run and no failure is about: their changes are in the line again. To be asked before
 * planning.
 */
export function withoutIdle(board: Board, runs: readonly Pick<Run, 'chain'>[]): Board {
  const busy = new Set(runs.map((run) => run.chain));
  const chains = board.chains.filter((chain) => chain.shortened || chain.failures.length > 0 || busy.has(chain.id));
  return chains.length === board.chains.length ? board : { ...board, chains };
}

/** A test is under way: of a new chain, or of one that has grown. A change that was in another chain leaves it. */
export function started(board: Board, id: string, members: readonly string[]): Board {
  const taken = new Set(members);
  const chains = board.chains.map((chain) => (chain.id === id ? { ...chain, members } : cutBefore(chain, taken)));
  if (chains.some((chain) => chain.id === id)) return tidy({ ...board, chains });
  return tidy({ ...board, chains: [...chains, { id, members, failures: [] }], nextChain: board.nextChain + 1 });
}

const isOfNow = (board: Board, { era = 0 }: Run): boolean => era === board.era;

/** All of what has joined was under this run. */
const isOnAll = ({ joined }: Board, { content }: Run): boolean =>
  joined.length > 0 && joined.every((id, i) => content[i] === id);

/** Some of it was: what had joined by then. */
const isOnSome = ({ joined }: Board, { content }: Run): boolean => joined.length > 0 && content[0] === joined[0];

/**
 * Its changes still stand together, so its verdict says something. One that is left over when they have gone on without
 * it (a longer prefix joined, or they could not be built on what joined since) would hold a slot, and be done twice.
 */
export function isOfUse({ chains, joined }: Board, { chain, content }: Pick<Run, 'chain' | 'content'>): boolean {
  const members = chain === undefined ? joined : (chains.find(({ id }) => id === chain)?.members ?? []);
  return leading(members, new Set(content)) > 0;
}

/** A run passed that cannot land: main is neither its base nor one of its commits. Its changes join. */
export function joined(board: Board, run: Run): Board {
  const content = new Set(run.content);
  const proven: Board = isOfNow(board, run) ? { ...board, passedSinceCulprit: true } : board;
  const chain = board.chains.find(({ id }) => id === run.chain);
  const count = chain ? leading(chain.members, content) : 0;
  // Two changes that do not fit each other may join one after the other: only a pass on both clears what failed on them.
  const cleared = isOnAll(board, run) ? afresh(proven) : proven;
  if (!chain || count === 0) return cleared;
  return tidy({
    ...cleared,
    joined: [...board.joined, ...chain.members.slice(0, count)],
    chains: cleared.chains.map((other) => (other.id === chain.id ? withoutFirst(other, count) : other)),
  });
}

/** Main is now the last commit of `run`: its changes have landed. */
export function landed(board: Board, run: Run): Board {
  const content = new Set(run.content);
  const commits = new Set(run.commits);
  const chains = board.chains.map((was) => {
    const chain = cutBefore(withoutFirst(was, leading(was.members, content)), content);
    const failures = chain.failures.map((failure) => ({
      ...failure,
      onMain: failure.onMain || commits.has(failure.below),
    }));
    return { ...chain, failures };
  });
  const left = board.joined.filter((id) => !content.has(id));
  const next: Board = { ...board, chains, joined: left, passedSinceCulprit: true };
  return tidy(left.length === board.joined.length ? next : afresh(next));
}

/** The commit under the last change of a run. */
const belowOf = (run: Run): string => run.commits[run.content.length - 2] ?? run.base;

/** A run failed. One whose changes are not together any more says nothing. */
export function failed(board: Board, run: Run): Board {
  if (run.chain === undefined) return joinedFailed(board, run);
  const chain = board.chains.find(({ id }) => id === run.chain);
  const at = chain ? leading(chain.members, new Set(run.content)) : 0;
  if (!chain || at === 0 || run.content.at(-1) !== chain.members[at - 1]) return board;
  const below = belowOf(run);
  const isOnJoined = isOnSome(board, run);
  const before = chain.failures.find((failure) => failure.at === at);
  const failure: Failure = {
    at,
    times: (before?.times ?? 0) + 1,
    onJoined: (before?.onJoined ?? 0) + (isOnJoined ? 1 : 0),
    below,
    onMain: (before?.onMain ?? false) || (below === run.base && isOfNow(board, run)),
  };
  const failures = [...chain.failures.filter((other) => other.at !== at), failure].sort((a, b) => a.at - b.at);
  return {
    ...board,
    chains: board.chains.map((other) => (other === chain ? { ...chain, failures } : other)),
    joinedFailures: board.joinedFailures + (isOnJoined ? 1 : 0),
  };
}

/** What had joined does not pass on main: it is searched as a chain, and what failed on it is held against no other. */
function joinedFailed(board: Board, run: Run): Board {
  const at = leading(board.joined, new Set(run.content));
  if (at === 0 || run.content.at(-1) !== board.joined[at - 1]) return board;
  const below = belowOf(run);
  const guilty: Chain = {
    id: String(board.nextChain),
    members: board.joined.slice(0, at),
    failures: [{ at, times: 1, onJoined: 0, below, onMain: below === run.base && isOfNow(board, run) }],
  };
  const others = board.chains.map((chain) => ({
    ...chain,
    failures: chain.failures.flatMap((failure) =>
      failure.times > failure.onJoined ? [{ ...failure, times: failure.times - failure.onJoined }] : [],
    ),
  }));
  return tidy(
    afresh({
      ...board,
      chains: [guilty, ...others],
      joined: board.joined.slice(at),
      nextChain: board.nextChain + 1,
    }),
  );
}

/** The first change of a chain is out: it explains every failure, and the others return to the line. */
export const rejected = (board: Board, id: string): Board =>
  tidy({ ...board, chains: board.chains.filter((chain) => chain.id !== id), passedSinceCulprit: false });

/** Someone else moved main: failures stay as evidence, but nobody is rejected for them until they recur on the new one. */
export const mainMoved = (board: Board): Board =>
  afresh({
    ...board,
    era: board.era + 1,
    passedSinceCulprit: false,
    chains: board.chains.map((chain) => ({
      ...chain,
      failures: chain.failures.map((failure) => ({ ...failure, onMain: false })),
    })),
  });

/** The gates passed on main itself. */
export const mainPassed = (board: Board): Board => ({ ...board, passedSinceCulprit: true });

/** These changes left the queue, or their heads moved. */
export function withdrawn(board: Board, ids: readonly string[]): Board {
  const gone = new Set(ids);
  const left = board.joined.filter((id) => !gone.has(id));
  const next = tidy({
    ...board,
    joined: left,
    chains: board.chains.map((chain) => cutBefore(chain, gone)),
    held: board.held.filter(({ id }) => !gone.has(id)),
  });
  return left.length === board.joined.length ? next : afresh(next);
}

/** What failed with it says nothing of the others; what was built behind it fits all the same. */
function without(chain: Chain, id: string): Chain {
  const place = chain.members.indexOf(id);
  return {
    ...chain,
    members: chain.members.filter((member) => member !== id),
    failures: chain.failures.filter((failure) => failure.at <= place),
    shortened: true,
  };
}

/** Of what a change waits for the last so many are kept: they leave last, and hundreds of changes may wait. */
const behindMax = 8;

/** `id` conflicts with what stands before it in `content`, and not with main: it waits until none of that is here any more. */
export function unbuilt(board: Board, content: readonly string[], id: string): Board {
  const own = board.chains.find(({ members }) => members.includes(id));
  const left = withdrawn(board, [id]);
  const next: Board = own
    ? { ...left, chains: board.chains.map((chain) => (chain === own ? without(own, id) : chain)) }
    : left;
  const behind = content.slice(0, Math.max(0, content.indexOf(id))).slice(-behindMax);
  return tidy({ ...next, held: [...next.held, { id, behind }] });
}
