/**
 * What a queue does next, one decision at a time: a fan of disjoint chains, a run each, all built on main and on what
 * passed apart before. The posterior of each chain says which prefix to test, and when its first change must go.
 */
import type { Board, Chain, Change, Decision, Run } from './board.ts';
import { onBoard, withoutIdle } from './board.ts';
import { targetChance } from './capacity.ts';
import { badChance, type Estimates, flakeChance } from './estimate.ts';
import { freeChanges } from './line.ts';
import { goodChances } from './posterior.ts';
import { nearestPrefix } from './prefix.ts';
import { isCertain } from './rejection.ts';

export interface Situation {
  readonly board: Board;
  /** Changes that may be tested, in the order of the line; those on the board need not be among them. */
  readonly waiting: readonly Change[];
  /** A change on the board. One that is not known is as risky as the mean. */
  readonly changeOf: (id: string) => Change | undefined;
  /** Under way, the check of main not among them. */
  readonly runs: readonly Pick<Run, 'chain' | 'content'>[];
  readonly checkingMain: boolean;
  /** Runs at once, the check of main among them. */
  readonly slots: number;
  /** Changes of a chain in one run, at most. */
  readonly batchMax: number;
  /** Changes that may land at once: what has joined, and the chain with it. */
  readonly landMax: number;
  readonly estimates: Estimates;
}

/** One chain, as it stands now. */
interface Strand {
  readonly chain: Chain;
  readonly runs: readonly Pick<Run, 'chain' | 'content'>[];
  readonly risks: readonly number[];
  /** Its first change is as good as rejected. */
  readonly isCertain: boolean;
}

/** What every step of a decision reads. */
interface Plan extends Situation {
  readonly flake: number;
  readonly strands: readonly Strand[];
  /** On which the next runs are built: what has joined, unless nothing passes on it. */
  readonly under: readonly string[];
}

/** So many culprits on an unproven main are not believed before main itself has passed. */
const culpritsMax = 3;
/** Runs failed on what has joined, and none passed on all of it: after so many it is tested itself, */
const suspectAtFailures = 3;
/** and after so many nothing more is built on it before that is known. Chains fail every other time: by chance, once in `2 ** 8`. */
const shunAtFailures = 8;

const isSuspect = ({ joined, joinedFailures }: Board): boolean =>
  joined.length > 0 && joinedFailures >= suspectAtFailures;

/** Under a run there is so much of what has joined that a whole chain on top of it may still land with it. */
const underMax = ({ landMax, batchMax }: Situation): number => landMax - Math.min(batchMax, Math.ceil(landMax / 2));

function planOf(given: Situation): Plan {
  const board = withoutIdle(given.board, given.runs);
  const under = board.joinedFailures < shunAtFailures ? board.joined.slice(0, underMax(given)) : [];
  const at = { ...given, batchMax: Math.min(given.batchMax, given.landMax - under.length) };
  const flake = flakeChance(at.estimates);
  const mean = badChance(at.estimates, false);
  const strands = board.chains.map((chain): Strand => {
    const risks = chain.members.map((id) => at.changeOf(id)?.risk ?? mean);
    const runs = at.runs.filter((run) => run.chain === chain.id);
    const [id = ''] = chain.members;
    return { chain, runs, risks, isCertain: runs.length === 0 && isCertain(id, risks, chain.failures, flake) };
  });
  return { ...at, board, flake, strands, under };
}

/** The next thing to do. To be carried out, written down, and asked for again until it says `wait`. */
export function decide(at: Situation): Decision {
  const plan = planOf(at);
  const culprits = plan.strands.filter((strand) => strand.isCertain);
  const [culprit] = culprits;
  if (culprit && plan.board.passedSinceCulprit) return reject(plan, culprit);
  if (at.runs.length + (at.checkingMain ? 1 : 0) >= at.slots) return { do: 'wait' };
  const checks = !at.checkingMain && culprits.length > 0;
  if (checks && culprits.length >= culpritsMax) return { do: 'check_main' };
  const next =
    urgentChain(plan) ??
    nextSearch(plan) ??
    suspectJoined(plan) ??
    fullJoined(plan) ??
    growChain(plan) ??
    newChain(plan, plan.waiting) ??
    restOfJoined(plan);
  if (next) return next;
  // Anything that passes proves main as well as a check of its own; here nothing is left that could.
  return checks && at.runs.length === 0 ? { do: 'check_main' } : { do: 'wait' };
}

function reject(plan: Plan, { chain, risks }: Strand): Decision {
  const [falseChance = 0] = goodChances(risks, chain.failures, plan.flake);
  return { do: 'reject', chain: chain.id, id: chain.members[0] ?? '', falseChance };
}

const percent = (chance: number): string => `${Math.round(chance * 100)}%`;
const isAlone = (plan: Plan, id: string): boolean => plan.changeOf(id)?.alone === true;
const travelsAlone = (plan: Plan): boolean => [...onBoard(plan.board)].some((id) => isAlone(plan, id));

/**
 * Chains that touch the same paths are not tested side by side: what is under test runs out, then the oldest goes on.
 * A new one touches nothing that another does; but a culprit's paths are free, and somebody else's push may clear it, and
 * what has joined may be searched while chains stand on it.
 */
function hasTurn({ strands, changeOf }: Plan, strand: Strand): boolean {
  const pathsOf = ({ chain }: Strand) => chain.members.flatMap((id) => changeOf(id)?.paths ?? []);
  const touched = new Set(pathsOf(strand));
  const rivals = strands.filter(
    (other) => other !== strand && !other.isCertain && pathsOf(other).some((path) => touched.has(path)),
  );
  if (strand.runs.length > 0) return rivals.length === 0;
  return rivals.every((rival) => rival.runs.length === 0 && strands.indexOf(rival) > strands.indexOf(strand));
}

/** A chain without a run that has failed, or was shortened: the prefix that tells most, which may be longer than it was. */
function nextSearch(plan: Plan): Decision | undefined {
  const strand = plan.strands.find((other) => other.runs.length === 0 && !other.isCertain && hasTurn(plan, other));
  if (!strand) return undefined;
  const { chain, risks } = strand;
  const members = [...chain.members];
  const more = chain.shortened || isAlone(plan, members[0] ?? '') ? [] : freeChanges(plan, plan.waiting, chain);
  function* allRisks(): Generator<number> {
    yield* risks;
    for (const change of more) {
      members.push(change.id);
      yield change.risk;
    }
  }
  const { count, chance } = nearestPrefix(
    goodChances(allRisks(), chain.failures, plan.flake),
    targetChance(plan.flake),
    plan.batchMax,
  );
  const isLonger = count > chain.members.length;
  return {
    do: 'test',
    chain: chain.id,
    ...(isLonger ? { members: members.slice(0, count) } : {}),
    content: contentOf(plan, chain, members.slice(0, count)),
    because:
      chain.failures.length > 0
        ? `searches a chain of ${chain.members.length} that failed: its first ${count}, all good by ${percent(chance)}`
        : `what fits of the chain: the first ${count}, all good by ${percent(chance)}`,
  };
}

/** A suspect is tested on bare main, so that it may be rejected if it fails. */
const contentOf = (plan: Plan, chain: Chain, tested: readonly string[]): readonly string[] =>
  (tested.length === 1 && chain.failures.length > 0) || isAlone(plan, tested[0] ?? '')
    ? tested
    : [...plan.under, ...tested];

/** Nothing passes on what has joined: is it to blame? */
function suspectJoined(plan: Plan): Decision | undefined {
  const isUnderTest = plan.runs.some((run) => run.chain === undefined);
  if (!isSuspect(plan.board) || isUnderTest) return undefined;
  return testJoined(plan, `${plan.board.joinedFailures} runs failed on what has joined, and none passed`);
}

const testJoined = ({ board, landMax }: Plan, because: string): Decision => ({
  do: 'test',
  content: board.joined.slice(0, landMax),
  because,
});

/** As much has joined as may land at once: it is tested by itself, and nothing is built on more. */
function fullJoined(plan: Plan): Decision | undefined {
  const { joined } = plan.board;
  if (joined.length < plan.landMax) return undefined;
  if (plan.runs.some((run) => run.chain === undefined)) return { do: 'wait' };
  return testJoined(plan, `${joined.length} have passed apart, and ${plan.landMax} may land at once`);
}

/**
 * A short line while a chain is under test: all of it goes on top of that chain, and does not wait for its verdict.
 * Apart they would have to be tested a third time, together. The shorter run still counts, whichever ends first.
 */
function growChain(plan: Plan): Decision | undefined {
  if (travelsAlone(plan)) return undefined;
  const strand = plan.strands.find(({ chain, runs }) => runs.length > 0 && chain.failures.length === 0);
  if (!strand || !hasTurn(plan, strand)) return undefined;
  const { chain, risks } = strand;
  const line = plan.waiting.slice(0, plan.batchMax + 1);
  const more = [...freeChanges(plan, line, chain)];
  if (more.length === 0 || line.some((change) => change.alone)) return undefined;
  const all = [...risks, ...more.map((change) => change.risk)];
  const { count, chance } = nearestPrefix(goodChances(all, [], plan.flake), targetChance(plan.flake), plan.batchMax);
  if (count < all.length) return undefined;
  const members = [...chain.members, ...more.map(({ id }) => id)];
  return {
    do: 'test',
    chain: chain.id,
    members,
    content: contentOf(plan, chain, members),
    because: `the line on top of what is under test: ${count}, all good by ${percent(chance)}`,
  };
}

/** Nothing overtakes what is overdue. */
function urgentChain(plan: Plan): Decision | undefined {
  const urgent = plan.waiting.filter((change) => change.urgent);
  return urgent.length > 0 && !plan.waiting[0]?.overdue ? newChain(plan, urgent) : undefined;
}

/**
 * The first in line, as many as tell most together: the overdue first, then what was once held behind another, for it
 * must not be found not to fit again and again; then the safest.
 */
function newChain(plan: Plan, line: readonly Change[]): Decision | undefined {
  if (travelsAlone(plan)) return undefined;
  const held = new Set(plan.board.held.map(({ id }) => id));
  const tails = plan.strands.flatMap(({ chain, isCertain }) =>
    isCertain ? chain.members.slice(1).flatMap((id) => plan.changeOf(id) ?? []) : [],
  );
  const chosen: Change[] = [];
  function* risks(): Generator<number> {
    for (const change of freeChanges(plan, [...tails, ...line])) {
      if (change.alone && chosen.length > 0) return;
      chosen.push(change);
      yield change.risk;
      if (change.alone) return;
    }
  }
  const { count, chance } = nearestPrefix(
    goodChances(risks(), [], plan.flake),
    targetChance(plan.flake),
    plan.batchMax,
  );
  const [first] = chosen;
  if (!first) return undefined;
  if (first.alone && (plan.board.joined.length > 0 || plan.runs.length > 0)) return undefined;
  const members = chosen
    .slice(0, count)
    .sort(
      (a, b) =>
        Number(b.overdue ?? false) - Number(a.overdue ?? false) ||
        Number(held.has(b.id)) - Number(held.has(a.id)) ||
        a.risk - b.risk,
    )
    .map(({ id }) => id);
  return {
    do: 'test',
    chain: String(plan.board.nextChain),
    members,
    content: first.alone ? members : [...plan.under, ...members],
    because: `the first ${count} in line, all good by ${percent(chance)}`,
  };
}

/** What has joined is tested by itself when no chain is left to carry it. */
function restOfJoined(plan: Plan): Decision | undefined {
  const isCarried = plan.runs.length > 0 || plan.strands.some(({ isCertain }) => !isCertain);
  if (plan.board.joined.length === 0 || isCarried) return undefined;
  return testJoined(plan, `${plan.board.joined.length} that passed apart, and nothing else to test with them`);
}
