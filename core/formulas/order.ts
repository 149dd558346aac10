/** The order of what needs each other: as written, but never before a need. */

export interface Node {
  readonly id: string;
  readonly needs: readonly string[];
}

export interface Ordered<N extends Node> {
  readonly order: readonly N[];
  /** Those of one cycle, in its order; empty if there is none. */
  readonly cycle: readonly string[];
}

/** Needs that name nobody are taken as met. Quadratic: a formula has at most a hundred steps. */
export function orderOf<N extends Node>(nodes: readonly N[]): Ordered<N> {
  const order: N[] = [];
  const left = new Map(nodes.map((node) => [node.id, node]));
  const ready = (node: N): boolean => node.needs.every((need) => !left.has(need));
  for (let node = [...left.values()].find(ready); node; node = [...left.values()].find(ready)) {
    order.push(node);
    left.delete(node.id);
  }
  return { order, cycle: cycleIn(left) };
}

/** Everything left waits for something left: going from need to need comes round. */
function cycleIn(left: ReadonlyMap<string, Node>): readonly string[] {
  const path: string[] = [];
  for (let at = [...left.keys()][0]; at !== undefined; at = left.get(at)?.needs.find((need) => left.has(need))) {
    const from = path.indexOf(at);
    if (from >= 0) return path.slice(from);
    path.push(at);
  }
  return [];
}
