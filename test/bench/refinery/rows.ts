/** The seeds of a cell as one row, each figure with its standard error. */
import { landedPerRunTimeBound, runsPerLandedBound } from '../../../core/refinery/planner/capacity.ts';
import type { Cell } from './cells.ts';
import type { Violations } from './engine.ts';
import type { Figures } from './measure.ts';

export interface Mean {
  readonly mean: number;
  /** Standard error over the seeds. */
  readonly error: number;
}

export interface Row {
  readonly cell: Cell;
  readonly landed: number;
  readonly badFraction: number;
  readonly runsPerLanded: Mean;
  /** Undefined where nothing is bad. */
  readonly bound: number | undefined;
  readonly ratio: Mean | undefined;
  readonly landedPerRunTime: Mean;
  readonly landedPerRunTimeBound: number | undefined;
  readonly waitP50: Mean;
  readonly waitP95: Mean;
  readonly falseRejects: Mean;
  readonly falseRejectsEarly: Mean;
  readonly violations: Violations;
}

export function rowOf(cell: Cell, seeds: readonly Figures[]): Row {
  const sum = (of: (figures: Figures) => number): number => seeds.reduce((total, figures) => total + of(figures), 0);
  const mean = (of: (figures: Figures) => number): Mean => meanOf(seeds.map(of));
  /** Of all seeds together: a mean of ratios would count a seed with few culprits as much as one with many. */
  const pooled = (of: (figures: Figures) => number, value: number): Mean => ({ mean: value, error: mean(of).error });
  const landed = sum((figures) => figures.landed);
  const badFraction =
    sum((figures) => figures.badFraction * (figures.landed + figures.rejected)) /
    sum((figures) => figures.landed + figures.rejected);
  const runsPerLanded = sum((figures) => figures.runs) / landed;
  const bound = badFraction > 0 ? runsPerLandedBound(badFraction, cell.scenario.f) : undefined;
  const { slots, f } = cell.scenario;
  return {
    cell,
    landed,
    badFraction,
    runsPerLanded: pooled((figures) => figures.runsPerLanded, runsPerLanded),
    bound,
    ratio: bound === undefined ? undefined : pooled((figures) => figures.ratio ?? 0, runsPerLanded / bound),
    landedPerRunTime: mean((figures) => figures.landedPerRunTime),
    landedPerRunTimeBound: bound && landedPerRunTimeBound(badFraction, f, slots),
    waitP50: mean((figures) => figures.waitP50),
    waitP95: mean((figures) => figures.waitP95),
    falseRejects: mean((figures) => figures.falseRejects),
    falseRejectsEarly: mean((figures) => figures.falseRejectsEarly),
    violations: {
      red: sum(({ violations }) => violations.red),
      lost: sum(({ violations }) => violations.lost),
      twice: sum(({ violations }) => violations.twice),
      untested: sum(({ violations }) => violations.untested),
    },
  };
}

function meanOf(values: readonly number[]): Mean {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
