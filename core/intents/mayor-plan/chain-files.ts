/**
 * Beads that will likely touch the same file run one after the other: in parallel the second would mostly meet a
 * conflict. Where the plan has no order between them one is made, along an order that the plan allows.
 */
import type { Plan, PlannedBead } from '../../convoys/plan.ts';

export interface Chained {
  readonly plan: Plan;
  /** What was added: `later` waits for `earlier`. */
  readonly added: readonly { readonly later: string; readonly earlier: string; readonly file: string }[];
}

/** The plan must be free of faults. Every new need follows one order of all beads, so that no cycle can come of it. */
export function chainFiles(plan: Plan): Chained {
  const order = inOrder(plan.beads);
  const needs = new Map(plan.beads.map(({ name, needs }) => [name, new Set(needs)]));
  const last = new Map<string, string>();
  const added: { later: string; earlier: string; file: string }[] = [];
  for (const bead of order) {
    for (const file of new Set(bead.files ?? [])) {
      const earlier = last.get(file);
      last.set(file, bead.name);
      if (earlier === undefined || waitsFor(needs, bead.name, earlier)) continue;
      needs.get(bead.name)?.add(earlier);
      added.push({ later: bead.name, earlier, file });
    }
  }
  const beads = plan.beads.map((bead) => ({ ...bead, needs: [...(needs.get(bead.name) ?? [])] }));
  return { plan: { ...plan, beads }, added };
}

/** Each bead after all that it needs, else as the plan has them. */
function inOrder(beads: readonly PlannedBead[]): readonly PlannedBead[] {
  const byName = new Map(beads.map((bead) => [bead.name, bead]));
  const done = new Set<string>();
  const order: PlannedBead[] = [];
  const stack: PlannedBead[] = [];
  for (const first of beads) {
    stack.push(first);
    for (let bead = stack.at(-1); bead; bead = stack.at(-1)) {
      const open: string | undefined = bead.needs.find((need) => !done.has(need));
      const next = open === undefined ? undefined : byName.get(open);
      if (next) {
        stack.push(next);
        continue;
      }
      stack.pop();
      if (done.has(bead.name)) continue;
      done.add(bead.name);
      order.push(bead);
    }
  }
  return order;
}

function waitsFor(needs: ReadonlyMap<string, ReadonlySet<string>>, from: string, wanted: string): boolean {
  const seen = new Set<string>();
  const left = [from];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (name === wanted) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    left.push(...(needs.get(name) ?? []));
  }
  return false;
}
