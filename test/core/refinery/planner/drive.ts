/** The planner against random outcomes, in discrete events: what it costs, and whether it is right. */
import {
  type Board,
  type Change,
  type Decision,
  emptyBoard,
  failed,
  joined,
  landed,
  mainPassed,
  onBoard,
  type Run,
  rejected,
  started,
  withoutIdle,
} from '../../../../core/refinery/planner/board.ts';
import {
  badChance,
  type Estimates,
  freshEstimates,
  learnedGreen,
  learnedLanding,
  learnedPass,
  learnedRejection,
} from '../../../../core/refinery/planner/estimate.ts';
import { decide } from '../../../../core/refinery/planner/next.ts';

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Scenario {
  readonly p: number;
  readonly f: number;
  readonly slots: number;
  readonly changes: number;
  readonly seed: number;
  /** Resolved before anything is counted. */
  readonly warmUp: number;
  /** Spread of the logarithm of a run's time; 0: all take 1. */
  readonly sigma?: number;
}

export interface Outcome {
  readonly runs: number;
  readonly landed: number;
  readonly bad: number;
  readonly falseRejects: number;
  readonly time: number;
  readonly mainChecks: number;
  /** Bad changes on main. */
  readonly red: number;
  readonly estimates: Estimates;
}

const lineLength = 200;

interface Under {
  readonly run: Run;
  readonly ends: number;
  readonly order: number;
  readonly passes: boolean;
}

export function drive(scenario: Scenario): Outcome {
  const random = seeded(scenario.seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const bad = Array.from({ length: scenario.changes }, () => random() < scenario.p);
  const commits = new Map<string, string>();
  const commitOn = (below: string, id: string) => {
    const key = `${below} ${id}`;
    const known = commits.get(key) ?? `c${commits.size}`;
    commits.set(key, known);
    return known;
  };
  const isBad = (id: string) => bad[Number(id)] === true;

  let board: Board = emptyBoard;
  let estimates = freshEstimates;
  let main = 'm';
  let now = 0;
  let next = 0;
  let line: string[] = [];
  let under: Under[] = [];
  let order = 0;
  const sum = { runs: 0, landed: 0, bad: 0, falseRejects: 0, mainChecks: 0, red: 0 };
  let from = { ...sum, time: 0 };
  let resolved = 0;

  const start = (run: Run) => {
    sum.runs += 1;
    const flakes = random() < scenario.f;
    const ends = now + (scenario.sigma ? Math.exp(scenario.sigma * normal() - scenario.sigma ** 2 / 2) : 1);
    under.push({ run, ends, order: order++, passes: !run.content.some(isBad) && !flakes });
  };
  const resolve = (count: number) => {
    if (resolved < scenario.warmUp && resolved + count >= scenario.warmUp) from = { ...sum, time: now };
    resolved += count;
  };
  const perform = (decision: Decision): boolean => {
    switch (decision.do) {
      case 'wait':
        return false;
      case 'check_main':
        sum.mainChecks += 1;
        start({ content: [], base: main, commits: [] });
        return true;
      case 'reject': {
        estimates = learnedRejection(estimates, board, decision, false);
        board = rejected(board, decision.chain);
        line = line.filter((id) => id !== decision.id);
        if (isBad(decision.id)) sum.bad += 1;
        else sum.falseRejects += 1;
        resolve(1);
        return true;
      }
      case 'test': {
        const { chain, members, content } = decision;
        if (chain !== undefined && members) board = started(board, chain, members);
        const built: string[] = [];
        for (const id of content) built.push(commitOn(built.at(-1) ?? main, id));
        start({ ...(chain === undefined ? {} : { chain }), content, base: main, commits: built });
        return true;
      }
    }
  };
  const end = ({ run, passes }: Under) => {
    if (run.content.length === 0) {
      board = mainPassed(board);
      estimates = learnedGreen(estimates);
      return;
    }
    if (!passes) {
      board = failed(board, run);
      return;
    }
    estimates = learnedPass(estimates, board, run);
    if (run.base !== main && !run.commits.includes(main)) {
      board = joined(board, run);
      return;
    }
    const content = new Set(run.content);
    const left = line.filter((id) => content.has(id));
    board = landed(board, run);
    main = run.commits.at(-1) ?? main;
    sum.red += left.filter(isBad).length;
    sum.landed += left.length;
    line = line.filter((id) => !content.has(id));
    estimates = learnedLanding(estimates, { fresh: left.length, resubmitted: 0 });
    resolve(left.length);
  };

  const lineMax = lineLength * (scenario.slots > 1 ? 6 : 1);
  for (;;) {
    while (line.length < lineMax && next < scenario.changes) line.push(String(next++));
    if (next >= scenario.changes && line.length < lineMax / 2) break;
    for (;;) {
      const runs = under.flatMap(({ run }) => (run.content.length > 0 ? [run] : []));
      const risk = badChance(estimates, false);
      const here = onBoard(withoutIdle(board, runs));
      const waiting: Change[] = [];
      for (const id of line) {
        if (here.has(id)) continue;
        waiting.push({ id, risk });
        if (waiting.length > 100) break;
      }
      const decision = decide({
        board,
        waiting,
        changeOf: (id) => ({ id, risk }),
        runs,
        checkingMain: runs.length < under.length,
        slots: scenario.slots,
        batchMax: 64,
        landMax: 500,
        estimates,
      });
      if (!perform(decision)) break;
    }
    const first = under.reduce((a, b) => (b.ends < a.ends || (b.ends === a.ends && b.order < a.order) ? b : a));
    under = under.filter((other) => other !== first);
    now = first.ends;
    end(first);
  }
  return {
    runs: sum.runs - from.runs,
    landed: sum.landed - from.landed,
    bad: sum.bad - from.bad,
    falseRejects: sum.falseRejects - from.falseRejects,
    mainChecks: sum.mainChecks - from.mainChecks,
    red: sum.red,
    time: now - from.time,
    estimates,
  };
}
