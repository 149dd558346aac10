/** The formula: a reusable workflow, as its TOML says it. docs/formulas.md is its specification. */

/** A value that whoever runs the formula gives. */
export interface Variable {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly default?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
}

/** What a step waits for before it starts, without a polecat. `minutes`: of a timer, how long; of the others, how long at most. */
export type StepGate =
  | { readonly type: 'human'; readonly question?: string }
  | { readonly type: 'timer'; readonly minutes: number }
  | { readonly type: 'bead'; readonly bead: string; readonly minutes?: number }
  | { readonly type: 'ci'; readonly check: string; readonly minutes?: number }
  /** By its number, or its head branch. */
  | { readonly type: 'pr'; readonly pr: string; readonly minutes?: number };
export const gateTypes = ['human', 'timer', 'bead', 'ci', 'pr'] as const satisfies readonly StepGate['type'][];

/** The same step several times: so often, or until a command passes, at most so often. */
type Loop = { readonly count: number } | { readonly until: string; readonly max: number };

export interface Step {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly acceptance: readonly string[];
  readonly needs: readonly string[];
  /** A shell command that must pass before the step is done. */
  readonly check?: string;
  readonly gate?: StepGate;
  /** How often the agent may try before the attempt has failed. */
  readonly maxAttempts: number;
  readonly condition?: string;
  readonly loop?: Loop;
}

/** One bead of a convoy formula. */
export interface Leg {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly acceptance: readonly string[];
  readonly needs: readonly string[];
  readonly condition?: string;
  /** The workflow that its polecat follows. */
  readonly formula?: string;
}

interface Common {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly vars: readonly Variable[];
}

export interface Workflow extends Common {
  readonly type: 'workflow';
  readonly steps: readonly Step[];
}

export interface ConvoyFormula extends Common {
  readonly type: 'convoy';
  readonly legs: readonly Leg[];
  /** The bead that needs all legs. */
  readonly synthesis?: Leg;
}

export type Formula = Workflow | ConvoyFormula;

/** Where a rig keeps its own, in its repository. */
export const rigFormulas = '.gastown/formulas';

export const formulaNamePattern = /^[a-z][a-z0-9-]{0,40}$/;
