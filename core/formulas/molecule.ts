/** The molecule: a formula poured over one bead. Its steps, in order, with every variable filled in. */
import type { Step } from './formula.ts';

export interface MoleculeStep extends Omit<Step, 'condition' | 'loop'> {
  /** The step is repeated until this command passes, `maxAttempts` times at most. */
  readonly until?: string;
  /** Its condition does not hold: why it is left out. */
  readonly skipped?: string;
}

export interface Molecule {
  readonly formula: string;
  readonly version: number;
  readonly source: 'built-in' | 'repository';
  /** Never before what they need. */
  readonly steps: readonly MoleculeStep[];
}

/** The next step to do, when these are done; nothing if none is left. */
export const nextStep = ({ steps }: Molecule, done: ReadonlySet<string>): MoleculeStep | undefined =>
  steps.find(({ id, skipped }) => skipped === undefined && !done.has(id));
