/** Whether the beads of a plan can follow the formulas that they name, with the values that they give. */
import type { Plan, PlannedBead, PlanTown } from '../convoys/plan.ts';
import type { Fault } from '../errors.ts';
import { rigFormulas } from './formula.ts';
import { pour } from './pour.ts';
import type { Matches } from './vars.ts';
import { type Texts, workflowNamed } from './workflow-named.ts';

/** What a bead follows that names none. */
const usual = 'polecat-work';

interface Follower {
  readonly bead: PlannedBead;
  readonly formula: string;
  readonly at: string;
}

/** Of the beads whose formula can be known by now: not of those that may wait for the one that writes it. */
export function followersOf({ beads }: Plan, { runtime }: Pick<PlanTown, 'runtime'>): readonly Follower[] {
  const writes = beads.some((bead) => JSON.stringify(bead).includes(rigFormulas));
  return beads.flatMap((bead, i) => {
    const follows = bead.script === undefined && (bead.runtime ?? runtime) !== 'shell';
    if (!follows || (bead.formula === undefined && bead.vars === undefined)) return [];
    return writes && bead.needs.length > 0 ? [] : [{ bead, formula: bead.formula ?? usual, at: `/beads/${i}` }];
  });
}

export interface Shelf extends Omit<Texts, 'own'> {
  /** The rig's own texts, by name. */
  readonly own: ReadonlyMap<string, string>;
}

/** `at` points into the plan, as `validatePlan` does. */
export const followerFaults = (followers: readonly Follower[], shelf: Shelf, matches: Matches): readonly Fault[] =>
  followers.flatMap(({ bead, formula, at }) => {
    const named = workflowNamed(formula, { ...shelf, own: shelf.own.get(formula) }, matches);
    const poured = 'faults' in named ? named : pour(named.workflow, bead.vars ?? {}, named.source, matches);
    if (!('faults' in poured)) return [];
    const ofValue = (code: string): boolean => code === 'VAR_INVALID' || code === 'VAR_UNKNOWN';
    return poured.faults.map(({ code, what, remedy, at: where }) => ({
      code,
      what: `Bead "${bead.name}" cannot follow "${formula}". ${where?.includes('.toml') ? `${where}: ` : ''}${what}`,
      remedy,
      at: `${at}/${bead.formula === undefined || ('workflow' in named && ofValue(code)) ? 'var' : 'formula'}`,
    }));
  });
