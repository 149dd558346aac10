/** From a plan to the records of its beads, the same ones every time: number n is the n-th bead of the plan. */
import type { Bead, BeadSpec } from '../convoys/bead.ts';
import type { Convoy } from '../convoys/convoy.ts';
import { freshBead } from '../convoys/fresh-bead.ts';
import { integrationBranch } from '../convoys/integration.ts';
import type { Plan } from '../convoys/plan.ts';
import { type BeadId, beadId } from '../keys.ts';
import { configOf, targetOf } from '../rigs/config.ts';
import type { Rig } from '../rigs/rig.ts';

export interface NewBead {
  readonly bead: Bead;
  readonly spec: BeadSpec;
}

const defaultFormula = 'polecat-work';

/** The plan must be free of faults: its needs are taken by name. A convoy that lands as one gets one bead more, the last. */
export function beadsOfPlan(plan: Plan, convoy: Convoy, rig: Rig): readonly NewBead[] {
  if (convoy.land !== 'convoy') return plannedBeads(plan, convoy, rig, targetOf(rig));
  const beads = plannedBeads(plan, convoy, rig, integrationBranch(convoy.id));
  return [
    ...beads,
    landingOf(
      convoy,
      rig,
      beads.map(({ bead }) => bead),
    ),
  ];
}

/** Everything of a new bead that no plan says. */
const fresh = ({ id: convoy, createdAt }: Convoy, { name: rig }: Rig) =>
  ({ ...freshBead(rig, convoy, createdAt), formula: defaultFormula }) as const;

/** No polecat works on it, unless it does not fit. It needs those that nobody else needs, and so all of them. */
function landingOf(convoy: Convoy, rig: Rig, beads: readonly Bead[]): NewBead {
  const n = beads.length + 1;
  const target = targetOf(rig);
  const branch = integrationBranch(convoy.id);
  const needed = new Set(beads.flatMap(({ needs }) => needs));
  const needs = beads.flatMap(({ id }) => (needed.has(id) ? [] : [id]));
  const bead: Bead = {
    ...fresh(convoy, rig),
    id: beadId(rig.prefix, convoy.id, n),
    n,
    name: 'land-convoy',
    title: `Land convoy ${convoy.id} on ${target}`,
    type: 'chore',
    priority: 2,
    labels: [],
    needs,
    runtime: 'command',
    budgetUsd: configOf(rig)['budget.per_bead_usd'],
    landsConvoy: true,
    blockedBy: needs,
    target,
  };
  const instructions = `The branch ${branch} has the work of the whole convoy, "${convoy.title}". It did not land on ${target}; "Earlier attempts" says why. You start on that branch, and ${target} is origin/${target}. Merge it where the two do not fit, and mend what fails, keeping the intent of both.`;
  return { bead, spec: { instructions, acceptance: [] } };
}

function plannedBeads(plan: Plan, convoy: Convoy, rig: Rig, target: string): readonly NewBead[] {
  const config = configOf(rig);
  const idOf = new Map(plan.beads.map(({ name }, i) => [name, beadId(rig.prefix, convoy.id, i + 1)]));
  return plan.beads.map((planned, i) => {
    const needs = planned.needs.map((name) => known(idOf, name));
    const bead: Bead = {
      ...fresh(convoy, rig),
      id: known(idOf, planned.name),
      n: i + 1,
      name: planned.name,
      title: planned.title,
      type: planned.type,
      priority: planned.priority,
      labels: planned.labels,
      needs,
      runtime: planned.runtime ?? config['agent.runtime'],
      ...(planned.formula === undefined ? {} : { formula: planned.formula }),
      budgetUsd: planned.budgetUsd ?? config['budget.per_bead_usd'],
      ...(planned.externalRef === undefined ? {} : { externalRef: planned.externalRef }),
      blockedBy: needs,
      target,
    };
    const spec: BeadSpec = {
      instructions: planned.instructions,
      acceptance: planned.acceptance,
      ...(planned.vars === undefined ? {} : { vars: planned.vars }),
      ...(planned.files === undefined || planned.files.length === 0 ? {} : { files: planned.files }),
      ...(planned.script === undefined ? {} : { script: planned.script }),
    };
    return { bead, spec };
  });
}

function known(idOf: ReadonlyMap<string, BeadId>, name: string): BeadId {
  const id = idOf.get(name);
  if (id === undefined) throw new Error(`BUG: the plan was not checked: it has no bead "${name}"`);
  return id;
}
