/** A molecule for people: where each step is, who did it, when, and why it waits. */
import type { Bead, Gated } from '../convoys/bead.ts';
import type { MoleculeStep } from '../formulas/molecule.ts';
import { type MoleculeRecord, progressOf, type StepProgress } from '../formulas/progress.ts';
import { isAtGate } from './gate.ts';

type StepState = 'pending' | 'skipped' | StepProgress['state'];

export interface StepView extends Partial<Omit<StepProgress, 'state'>> {
  readonly id: string;
  readonly title: string;
  readonly needs: readonly string[];
  readonly state: StepState;
  readonly check?: string;
  readonly gate?: Gated['type'];
}

export interface MoleculeView {
  readonly bead: string;
  readonly title: string;
  readonly status: Bead['status'];
  readonly formula: string;
  /** The gate that it waits at. */
  readonly gate?: Gated;
  /** None before a polecat has poured it; a bead with a script has none at all. */
  readonly steps: readonly StepView[];
}

export function moleculeView(bead: Bead, record: MoleculeRecord | undefined): MoleculeView {
  // What was done before it started over counts no more, while nobody has begun again.
  const stands = progressOf(record, bead.head) !== undefined || bead.status === 'closed';
  return {
    bead: bead.id,
    title: bead.title,
    status: bead.status,
    formula: record?.molecule.formula ?? bead.formula,
    ...(bead.gate && isAtGate(bead) ? { gate: bead.gate } : {}),
    steps: (record?.molecule.steps ?? []).map((step) =>
      viewOf(step, stands ? record?.steps[step.id] : undefined, bead),
    ),
  };
}

function viewOf(
  { id, title, needs, check, gate, skipped }: MoleculeStep,
  at: StepProgress | undefined,
  bead: Bead,
): StepView {
  const step = {
    id,
    title,
    needs,
    ...(check === undefined ? {} : { check }),
    ...(gate === undefined ? {} : { gate: gate.type }),
  };
  if (skipped !== undefined) return { ...step, state: 'skipped', detail: skipped };
  if (at === undefined) return { ...step, state: 'pending' };
  const left = { ...at, state: 'pending' } as const;
  if (at.state === 'working' && !isAtWork(bead, at))
    return { ...step, ...left, detail: `attempt ${at.attempt} ended in the middle of it` };
  if (at.state === 'waiting' && !isAtGate(bead)) {
    const because = bead.gate?.step === id ? bead.gate.because : undefined;
    return { ...step, ...left, detail: because ?? at.detail ?? '' };
  }
  return { ...step, ...at };
}

const isAtWork = ({ status, attempt, outcome }: Bead, at: StepProgress): boolean =>
  (status === 'hooked' || status === 'in_progress') && outcome === undefined && attempt === at.attempt;
