/** How much likelier than others a change is to be bad, from what is known of it before any run. */
import { badChance, type Estimates } from './estimate.ts';

export interface Traits {
  /** Times it was sent back before. */
  readonly retries: number;
  /** Lines added and deleted; absent: not known. */
  readonly lines?: number;
  /** Times that it conflicted, and was resolved. */
  readonly conflicts: number;
}

/** A change of this many lines is as risky as the mean. */
const usualLines = 100;
/** Odds grow with size to this power: tenfold lines, about double the odds. Defects go with size, less than in proportion. */
const sizePower = 0.3;
const sizeOdds = { min: 0.4, max: 3 };
/** A resolved conflict is code that nobody wrote in one piece. */
const conflictOdds = 1.5;
const conflictsMax = 3;
const riskBounds = { min: 0.0005, max: 0.95 };

const clamp = (value: number, { min, max }: { min: number; max: number }): number =>
  Math.min(Math.max(value, min), max);

/** The chance that it is bad: the rig's own rate, of first tries or of resubmissions, moved by odds. Over 0, under 1. */
export function riskOf(traits: Traits, estimates: Estimates): number {
  const base = badChance(estimates, traits.retries > 0);
  const lines = traits.lines ?? usualLines;
  const bySize = Number.isFinite(lines) ? clamp((Math.max(lines, 1) / usualLines) ** sizePower, sizeOdds) : 1;
  const byConflicts = conflictOdds ** clamp(traits.conflicts, { min: 0, max: conflictsMax });
  const odds = (base / (1 - base)) * bySize * byConflicts;
  return clamp(odds / (1 + odds), riskBounds);
}
