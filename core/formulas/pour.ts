/** Pours a workflow: its variables get their values, its conditions are decided, its counted loops unrolled. */
import type { Fault } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Step, StepGate, Workflow } from './formula.ts';
import type { Molecule, MoleculeStep } from './molecule.ts';
import { orderOf } from './order.ts';
import { fill, fillCommand, holds, type Matches, plainMatch, type Values, valuesOf } from './vars.ts';

export type Poured = { readonly molecule: Molecule } | { readonly faults: readonly Fault[] };

export function pour(
  formula: Workflow,
  given: Values,
  source: Molecule['source'],
  matches: Matches = plainMatch,
): Poured {
  const filled = valuesOf(formula.vars, given, matches);
  if ('faults' in filled) return filled;
  const steps = orderOf(formula.steps).order.flatMap((step) => unroll(step, formula.steps, filled.values));
  const molecule = { formula: formula.name, version: formula.version, source, steps };
  const faults = sizeFaults(molecule);
  return faults.length > 0 ? { faults } : { molecule };
}

function sizeFaults(molecule: Molecule): Fault[] {
  const bytes = new TextEncoder().encode(JSON.stringify(molecule)).length;
  const { length } = molecule.steps;
  const tooLarge = (what: string): Fault => ({
    code: 'MOLECULE_TOO_LARGE',
    what: `Poured, the formula has ${what}.`,
    remedy: 'Shorten its loops, its texts, or the values of its variables.',
  });
  if (length > limits.moleculeStepsMax) return [tooLarge(`${length} steps; the limit is ${limits.moleculeStepsMax}`)];
  if (bytes > limits.moleculeBytesMax) return [tooLarge(`${bytes} bytes; the limit is ${limits.moleculeBytesMax}`)];
  return [];
}

/** `build`, three times: `build.1`, `build.2` after it, and `build.3`, which those wait for that need `build`. */
function unroll(step: Step, all: readonly Step[], values: Values): readonly MoleculeStep[] {
  const count = countOf(step);
  const needs = step.needs.map((need) =>
    lastOf(
      all.find(({ id }) => id === need),
      need,
    ),
  );
  return Array.from({ length: count }, (_, i) => ({
    ...filledStep(step, values),
    ...(count === 1 ? {} : { id: nth(step.id, i + 1), title: `${fill(step.title, values)} (${i + 1} of ${count})` }),
    needs: i === 0 ? needs : [nth(step.id, i)],
    // The gate opens once, for all rounds.
    ...(step.gate && i === 0 ? { gate: filledGate(step.gate, values) } : {}),
  }));
}

const nth = (id: string, n: number): string => `${id}.${n}`;
const countOf = ({ loop }: Step): number => (loop && 'count' in loop ? loop.count : 1);
const lastOf = (step: Step | undefined, need: string): string =>
  step && countOf(step) > 1 ? nth(need, countOf(step)) : need;

function filledStep({ loop, condition, check, ...step }: Step, values: Values): Omit<MoleculeStep, 'needs' | 'gate'> {
  const skipped = condition === undefined || holds(condition, values) ? undefined : `its condition is ${condition}`;
  return {
    id: step.id,
    title: fill(step.title, values),
    description: fill(step.description, values),
    acceptance: step.acceptance.map((line) => fill(line, values)),
    maxAttempts: loop && 'until' in loop ? loop.max : step.maxAttempts,
    ...(check === undefined ? {} : { check: fillCommand(check, values) }),
    ...(loop && 'until' in loop ? { until: fillCommand(loop.until, values) } : {}),
    ...(skipped === undefined ? {} : { skipped }),
  };
}

function filledGate(gate: StepGate, values: Values): StepGate {
  switch (gate.type) {
    case 'human':
      return gate.question === undefined ? gate : { ...gate, question: fill(gate.question, values) };
    case 'timer':
      return gate;
    case 'bead':
      return { ...gate, bead: fill(gate.bead, values) };
    case 'ci':
      return { ...gate, check: fill(gate.check, values) };
    case 'pr':
      return { ...gate, pr: fill(gate.pr, values) };
  }
}
