/** A convoy as a picture: beads, which needs which, and the level at which each can start. */
import type { Bead } from '../convoys/bead.ts';
import type { BeadId } from '../keys.ts';

export interface Graph {
  readonly nodes: readonly Pick<Bead, 'id' | 'name' | 'title' | 'status' | 'priority'>[];
  /** `from` must land before `to` starts. */
  readonly edges: readonly { readonly from: BeadId; readonly to: BeadId }[];
  /** Beads of one level need only beads of earlier levels. */
  readonly levels: readonly (readonly BeadId[])[];
}

/** `beads` is a plan that was accepted: without cycles. */
export function graphOf(beads: readonly Bead[]): Graph {
  const byId = new Map(beads.map((bead) => [bead.id, bead]));
  const depths = new Map<BeadId, number>();
  const depthOf = (id: BeadId): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const needs = byId.get(id)?.needs.filter((need) => byId.has(need)) ?? [];
    const depth = needs.reduce((deepest, need) => Math.max(deepest, depthOf(need) + 1), 0);
    depths.set(id, depth);
    return depth;
  };
  const levels: BeadId[][] = [];
  for (const { id } of beads) {
    const depth = depthOf(id);
    while (levels.length <= depth) levels.push([]);
    levels[depth]?.push(id);
  }
  return {
    nodes: beads.map(({ id, name, title, status, priority }) => ({ id, name, title, status, priority })),
    edges: beads.flatMap((bead) => bead.needs.map((need) => ({ from: need, to: bead.id }))),
    levels,
  };
}
