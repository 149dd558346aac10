/** One cell of the grid, and what chance makes of it. Time is in units of the mean run. */
import { entropy } from '../../../core/refinery/planner/capacity.ts';
import { prefixMax } from '../../../core/refinery/planner/prefix.ts';
import { exponential, lognormal, uniform } from './chance.ts';

export type Load =
  /** There is always more in line than a policy can use. */
  | { readonly kind: 'saturated' }
  /** Poisson arrivals, at this share of what the information limit lets `slots` resolve where nothing flakes. */
  | { readonly kind: 'poisson'; readonly share: number }
  /** So many changes at one instant, with rest between, long enough for a serial queue. */
  | { readonly kind: 'burst'; readonly size: number };

export interface Scenario {
  readonly seed: number;
  /** Chance that a change is bad by itself. */
  readonly p: number;
  /** Chance that a run of a good tree fails. */
  readonly f: number;
  /** Chance that a change conflicts textually with one of the `clashWindow` before it. */
  readonly textual: number;
  /** Chance for each pair of changes within `pairWindow` that they fail together. */
  readonly semantic: number;
  readonly slots: number;
  readonly load: Load;
  readonly runTime: 'constant' | 'lognormal';
  /** Changes that arrive in all; the first `warmUp` that are resolved do not count. */
  readonly changes: number;
  readonly warmUp: number;
  /** Runs that end without a verdict, and pushes to main by others. */
  readonly faults?: boolean;
}

const clashWindow = 20;
const pairWindow = 100;
/** A resolver takes so many run-times to make a change fit what has landed. */
export const resolverTime = 2;
const infraChance = 0.02;
const pushEvery = 50;

/** The longest prefix worth a run, at f = 0: the smallest m with q^m + q^(m+1) <= 1. */
export function batchSize(p: number, cap = prefixMax): number {
  let m = 1;
  while (m < cap && (1 - p) ** m + (1 - p) ** (m + 1) > 1) m += 1;
  return m;
}

/** Changes in line or under test, when the line never gets short. */
export const backlog = ({ slots, p }: Pick<Scenario, 'slots' | 'p'>): number =>
  64 + slots * Math.min(prefixMax, 2 * batchSize(p));

export class Outcomes {
  private readonly pairs = new Map<number, readonly number[]>();
  private readonly scenario: Scenario;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
  }

  isBad(change: number): boolean {
    return uniform(this.scenario.seed, 'bad', change) < this.scenario.p;
  }

  /** Changes that fail together with this one, though each is good. */
  failsWith(change: number): readonly number[] {
    const { seed, semantic } = this.scenario;
    if (semantic === 0) return [];
    const known = this.pairs.get(change);
    if (known) return known;
    const found: number[] = [];
    for (let other = Math.max(0, change - pairWindow); other <= change + pairWindow; other += 1) {
      if (other === change) continue;
      if (uniform(seed, 'pair', Math.min(change, other), Math.max(change, other)) < semantic) found.push(other);
    }
    this.pairs.set(change, found);
    return found;
  }

  private clashesBackWith(change: number): number | undefined {
    const { seed, textual } = this.scenario;
    if (textual === 0 || uniform(seed, 'clash', change) >= textual) return undefined;
    const other = change - 1 - Math.floor(uniform(seed, 'partner', change) * clashWindow);
    return other < 0 ? undefined : other;
  }

  clashes(one: number, other: number): boolean {
    return this.clashesBackWith(one) === other || this.clashesBackWith(other) === one;
  }

  /** Changes that conflict textually with this one. */
  clashesWith(change: number): readonly number[] {
    if (this.scenario.textual === 0) return [];
    const back = this.clashesBackWith(change);
    const later = Array.from({ length: clashWindow }, (_, i) => change + 1 + i).filter(
      (other) => this.clashesBackWith(other) === change,
    );
    return back === undefined ? later : [back, ...later];
  }

  flakes(run: number): boolean {
    return uniform(this.scenario.seed, 'flake', run) < this.scenario.f;
  }

  lost(run: number): boolean {
    return this.scenario.faults === true && uniform(this.scenario.seed, 'infra', run) < infraChance;
  }

  runTime(run: number): number {
    return this.scenario.runTime === 'constant' ? 1 : lognormal(this.scenario.seed, run);
  }

  /** Rest between the nth push of somebody else and the next. */
  untilPush(n: number): number {
    return pushEvery * exponential(this.scenario.seed, 'push', n);
  }

  /** Times of all arrivals; none where the line is kept full. */
  arrivals(): number[] {
    const { load, seed, changes, slots, p } = this.scenario;
    switch (load.kind) {
      case 'saturated':
        return [];
      case 'burst':
        return Array.from({ length: changes }, (_, n) => Math.floor(n / load.size) * restAfter(load.size));
      case 'poisson': {
        /** At p = 0 nothing needs telling: the load is that of one in a hundred. */
        const perRunTime = (load.share * slots) / entropy(Math.max(p, 0.01));
        let at = 0;
        return Array.from({ length: changes }, (_, n) => {
          at += exponential(seed, 'arrival', n) / perRunTime;
          return at;
        });
      }
    }
  }
}

const restAfter = (burst: number): number => 3 * burst;
