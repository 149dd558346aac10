/**
 * Directed graphs of small integers: `edges[i]` lists what `i` points at. Everything here is linear in nodes and edges
 * and keeps its own stack, because a plan may come from anyone and be a chain of a hundred thousand.
 */
export type Edges = readonly (readonly number[])[];

const none: readonly number[] = [];

/**
 * Strongly connected components, each in ascending order; a component comes after every component that it points at.
 * Tarjan, "Depth-first search and linear graph algorithms" (1972), with the recursion unrolled.
 */
export function components(edges: Edges): readonly (readonly number[])[] {
  const found: number[][] = [];
  const order = new Array<number>(edges.length).fill(-1);
  const low = new Array<number>(edges.length).fill(0);
  const open = new Uint8Array(edges.length);
  const stack: number[] = [];
  const path: { readonly node: number; edge: number }[] = [];
  let visited = 0;

  const enter = (node: number): void => {
    order[node] = visited;
    low[node] = visited;
    visited += 1;
    open[node] = 1;
    stack.push(node);
    path.push({ node, edge: 0 });
  };
  const lower = (node: number, to: number): void => {
    low[node] = Math.min(low[node] ?? to, to);
  };
  const leave = (node: number): void => {
    path.pop();
    const parent = path.at(-1);
    if (parent) lower(parent.node, low[node] ?? 0);
    if (low[node] !== order[node]) return;
    const members: number[] = [];
    for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
      open[member] = 0;
      members.push(member);
      if (member === node) break;
    }
    found.push(members.sort((a, b) => a - b));
  };

  for (let root = 0; root < edges.length; root += 1) {
    if (order[root] !== -1) continue;
    enter(root);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const to = (edges[top.node] ?? none)[top.edge];
      top.edge += 1;
      if (to === undefined) leave(top.node);
      else if (order[to] === -1) enter(to);
      else if (open[to]) lower(top.node, order[to] ?? 0);
    }
  }
  return found;
}

/** A shortest way from a component's first member back to itself, without the repeated end. */
export function cycleIn(edges: Edges, component: readonly number[]): readonly number[] {
  const start = component[0];
  if (start === undefined) return none;
  const inside = new Set(component);
  const cameFrom = new Map<number, number>();
  const reached: number[] = [start];
  for (let i = 0; i < reached.length; i += 1) {
    const node: number = reached[i] ?? start;
    for (const to of edges[node] ?? none) {
      if (to === start) return wayBack(cameFrom, node);
      if (!inside.has(to) || cameFrom.has(to)) continue;
      cameFrom.set(to, node);
      reached.push(to);
    }
  }
  return none;
}

function wayBack(cameFrom: ReadonlyMap<number, number>, end: number): readonly number[] {
  const path: number[] = [];
  for (let node: number | undefined = end; node !== undefined; node = cameFrom.get(node)) path.push(node);
  return path.reverse();
}

/** The longest chain of nodes that starts at each node, itself counted; a cycle counts as one. */
export function depths(edges: Edges, inOrder: readonly (readonly number[])[]): readonly number[] {
  const depth = new Array<number>(edges.length).fill(0);
  for (const component of inOrder) {
    let deepest = 0;
    // Members of the component itself still stand at 0, so they do not count.
    for (const node of component) for (const to of edges[node] ?? none) deepest = Math.max(deepest, depth[to] ?? 0);
    for (const node of component) depth[node] = deepest + 1;
  }
  return depth;
}
