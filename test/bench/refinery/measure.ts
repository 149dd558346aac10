/** Figures of one simulated cell, and of several seeds of it. */
import { landedPerRunTimeBound, runsPerLandedBound } from '../../../core/refinery/planner/capacity.ts';
import type { Outcome, Violations } from './engine.ts';
import type { Scenario } from './scenario.ts';

export interface Figures {
  readonly landed: number;
  readonly rejected: number;
  /** Of what was resolved, the share that deserved rejection. */
  readonly badFraction: number;
  readonly runs: number;
  readonly runsPerLanded: number;
  /** Undefined where nothing is bad: there is no bound. */
  readonly ratio: number | undefined;
  readonly landedPerRunTime: number;
  readonly throughputShare: number | undefined;
  readonly waitP50: number;
  readonly waitP95: number;
  /** Good changes rejected, for each landed one; the same of the first 300 resolved. */
  readonly falseRejects: number;
  readonly falseRejectsEarly: number;
  readonly violations: Violations;
}

const earlyChanges = 300;

export function figuresOf(
  scenario: Scenario,
  { resolved, runs, lastArrivalAt, endedAt, violations }: Outcome,
): Figures {
  const { load, warmUp, slots, f } = scenario;
  const from = resolved[warmUp - 1]?.at ?? 0;
  /** Once no more arrive, a full line runs empty: that is another load. */
  const to = load.kind === 'saturated' ? lastArrivalAt : endedAt;
  const counted = resolved.slice(warmUp).filter(({ at }) => at <= to);
  const landed = counted.filter((one) => one.landed);
  const badFraction = counted.filter(({ bad }) => bad).length / counted.length;
  const started = runs.filter((at) => at >= from && at < to).length;
  const waits = landed.map(({ wait }) => wait).sort((a, b) => a - b);
  const runsPerLanded = started / landed.length;
  const landedPerRunTime = landed.length / (to - from);
  const falseOf = (some: Outcome['resolved']) =>
    some.filter((one) => !one.landed && !one.bad).length / Math.max(1, some.filter((one) => one.landed).length);
  return {
    landed: landed.length,
    rejected: counted.length - landed.length,
    badFraction,
    runs: started,
    runsPerLanded,
    ratio: badFraction > 0 ? runsPerLanded / runsPerLandedBound(badFraction, f) : undefined,
    landedPerRunTime,
    throughputShare: badFraction > 0 ? landedPerRunTime / landedPerRunTimeBound(badFraction, f, slots) : undefined,
    waitP50: quantile(waits, 0.5),
    waitP95: quantile(waits, 0.95),
    falseRejects: falseOf(counted),
    falseRejectsEarly: falseOf(resolved.slice(0, earlyChanges)),
    violations,
  };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
