/** From a plan to the records of its beads, the same ones every time: number n is the n-th bead of the plan. */
import type { Bead, BeadSpec } from '../convoys/bead.ts';
import type { Convoy } from '../convoys/convoy.ts';
import type { Plan } from '../convoys/plan.ts';
import { type BeadId, beadId } from '../keys.ts';
import { configOf, targetOf } from '../rigs/config.ts';
import type { Rig } from '../rigs/rig.ts';

export interface NewBead {
  readonly bead: Bead;
  readonly spec: BeadSpec;
}

const defaultFormula = 'polecat-work';

/** The plan must be free of faults: its needs are taken by name. */
export function beadsOfPlan(plan: Plan, convoy: Convoy, rig: Rig): readonly NewBead[] {
  const config = configOf(rig);
  const target = targetOf(rig);
  const idOf = new Map(plan.beads.map(({ name }, i) => [name, beadId(rig.prefix, convoy.id, i + 1)]));
  return plan.beads.map((planned, i) => {
    const needs = planned.needs.map((name) => known(idOf, name));
    const bead: Bead = {
      id: known(idOf, planned.name),
      rig: rig.name,
      convoy: convoy.id,
      n: i + 1,
      name: planned.name,
      title: planned.title,
      type: planned.type,
      priority: planned.priority,
      labels: planned.labels,
      needs,
      runtime: planned.runtime ?? config['agent.runtime'],
      formula: planned.formula ?? defaultFormula,
      budgetUsd: planned.budgetUsd ?? config['budget.per_bead_usd'],
      costUsd: 0,
      ...(planned.externalRef === undefined ? {} : { externalRef: planned.externalRef }),
      status: 'open',
      blockedBy: needs,
      blockedForGood: false,
      attempt: 0,
      run: 0,
      target,
      failures: 0,
      respawns: 0,
      infraDeaths: 0,
      notes: [],
      createdAt: convoy.createdAt,
      spent: { agentMs: 0, gateMs: 0, backoffMs: 0 },
    };
    const spec: BeadSpec = {
      instructions: planned.instructions,
      acceptance: planned.acceptance,
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
