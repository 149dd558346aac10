/** How far a molecule has come, step by step: what the next polecat need not do again. */
import type { Instant } from '../ports.ts';
import type { Molecule } from './molecule.ts';

export const stepStates = ['working', 'waiting', 'done', 'failed'] as const;
type StepState = (typeof stepStates)[number];

export interface StepProgress {
  readonly state: StepState;
  readonly polecat: string;
  readonly attempt: number;
  /** How often its agent has tried, in that attempt. */
  readonly tries: number;
  readonly startedAt: Instant;
  readonly endedAt?: Instant;
  /** The branch's commit when the step was done. */
  readonly head?: string;
  /** Why it waits or failed. */
  readonly detail?: string;
}

/** The body of `MOLECULE#<n>`. */
export interface MoleculeRecord {
  readonly molecule: Molecule;
  readonly steps: Readonly<Record<string, StepProgress>>;
  /** Which attempt poured it. */
  readonly pouredBy: number;
  /** The newest commit that a finished step left. */
  readonly head?: string;
}

/** What a harness tells of a step; with a molecule, that it begins with the first step of this one. */
export interface StepTold {
  readonly molecule?: Molecule | undefined;
  readonly step: string;
  readonly state: StepState;
  readonly tries: number;
  readonly head?: string | undefined;
  readonly detail?: string | undefined;
}

/**
 * Nothing, if no such step was ever poured. A repeat that comes late changes nothing: of one attempt a molecule is poured
 * once, and a step that it has done stays done, with the commit that was told first.
 */
export function withStep(
  was: MoleculeRecord | undefined,
  told: StepTold,
  by: Pick<StepProgress, 'polecat' | 'attempt'>,
  now: Instant,
): MoleculeRecord | undefined {
  const pours = told.molecule !== undefined && was?.pouredBy !== by.attempt;
  const record = pours && told.molecule ? { molecule: told.molecule, steps: {}, pouredBy: by.attempt } : was;
  if (!record?.molecule.steps.some(({ id }) => id === told.step)) return undefined;
  const before = record.steps[told.step];
  if (before?.attempt === by.attempt && before.state === 'done') return record;
  const goesOn = before?.attempt === by.attempt && before.state === 'working';
  const { polecat, attempt } = by;
  const step: StepProgress = {
    state: told.state,
    polecat,
    attempt,
    tries: told.tries,
    startedAt: goesOn ? before.startedAt : now,
    ...(told.state === 'working' || told.state === 'waiting' ? {} : { endedAt: now }),
    ...(told.head === undefined ? {} : { head: told.head }),
    ...(told.detail === undefined ? {} : { detail: told.detail }),
  };
  const head = told.state === 'done' ? (told.head ?? record.head) : record.head;
  return { ...record, steps: { ...record.steps, [told.step]: step }, ...(head === undefined ? {} : { head }) };
}

const stepsIn = ({ steps }: MoleculeRecord, states: readonly StepState[]): readonly string[] =>
  Object.entries(steps).flatMap(([id, { state }]) => (states.includes(state) ? [id] : []));

/** What the next attempt is told of the ones before it. */
export interface Progress {
  readonly molecule: Molecule;
  readonly done: readonly string[];
  /** Begun and not done: what they waited for has come. */
  readonly begun: readonly string[];
}

/**
 * Where the next attempt goes on. A bead without a commit starts from its target, also when it had one and the change did
 * not land: then what was done is gone with it.
 */
export const progressOf = (record: MoleculeRecord | undefined, head: string | undefined): Progress | undefined =>
  record === undefined || (head === undefined && record.head !== undefined)
    ? undefined
    : { molecule: record.molecule, done: stepsIn(record, ['done']), begun: stepsIn(record, ['working', 'failed']) };
