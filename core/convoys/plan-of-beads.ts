/** The plan that a convoy's beads are the records of: what a human reads before approving, and may hand in changed. */
import type { Bead, BeadSpec } from './bead.ts';
import type { Plan } from './plan.ts';

/** Beads that no plan has (the one that lands the convoy, resolvers) are left out. */
export function planOfBeads(title: string, beads: readonly { readonly bead: Bead; readonly spec: BeadSpec }[]): Plan {
  const planned = beads.filter(({ bead }) => !bead.landsConvoy && !bead.resolves);
  const nameOf = new Map(planned.map(({ bead }) => [bead.id, bead.name]));
  return {
    title,
    beads: planned.map(({ bead, spec: { blob: _, ...spec } }) => ({
      name: bead.name,
      title: bead.title,
      ...(spec as Pick<Plan['beads'][number], 'instructions' | 'acceptance'>),
      type: bead.type,
      priority: bead.priority,
      labels: [...bead.labels],
      needs: bead.needs.flatMap((need) => nameOf.get(need) ?? []),
      runtime: bead.runtime,
      formula: bead.formula,
      budgetUsd: bead.budgetUsd,
      ...(bead.externalRef === undefined ? {} : { externalRef: bead.externalRef }),
    })),
  };
}
