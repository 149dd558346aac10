/** Faults of a plan that no bead has alone: cycles of needs, and chains of them that are too long. */
import type { Fault } from '../errors.ts';
import { components, cycleIn, depths } from './graph.ts';
import type { PlanLimits } from './plan.ts';

/** What of a plan makes a graph. */
interface Graph {
  readonly beads: readonly { readonly name: string; readonly needs: readonly string[] }[];
}

/** Beads of the same name are one node; needs that name nobody, or the bead itself, have their own faults already. */
export function graphFaults(
  { beads }: Graph,
  firstOf: ReadonlyMap<string, number>,
  { planDepthMax }: Pick<PlanLimits, 'planDepthMax'>,
): Fault[] {
  const edges: number[][] = beads.map(() => []);
  for (const bead of beads) {
    const from = firstOf.get(bead.name);
    if (from === undefined) continue;
    for (const need of bead.needs) {
      const to = firstOf.get(need);
      if (to !== undefined && to !== from) edges[from]?.push(to);
    }
  }
  const inOrder = components(edges);
  const nameOf = (i: number): string => beads[i]?.name ?? '';
  const cycles = inOrder
    .filter((component) => component.length > 1)
    .map((component) => cycleIn(edges, component))
    .sort(([a = 0], [b = 0]) => a - b)
    .map(
      (path): Fault => ({
        code: 'PLAN_CYCLE',
        what: `Beads wait for each other: ${printed(path.map(nameOf))}.`,
        remedy: 'Take one of these needs away.',
        at: `/beads/${path[0] ?? 0}/needs`,
      }),
    );
  const depth = depths(edges, inOrder);
  const deepest = depth.reduce((best, d, i) => (d > (depth[best] ?? 0) ? i : best), 0);
  const deep = depth[deepest] ?? 0;
  if (deep <= planDepthMax) return cycles;
  const what = `Bead "${nameOf(deepest)}" is the end of a chain of ${deep} beads; the limit is ${planDepthMax}.`;
  return [
    ...cycles,
    {
      code: 'PLAN_TOO_DEEP',
      what,
      remedy: 'Let more of them go in parallel, or join some.',
      at: `/beads/${deepest}/needs`,
    },
  ];
}

const shownOfPath = 20;

/** `a → b → a`; of a very long one its beginning and its end. */
function printed(path: readonly string[]): string {
  const closed = [...path, path[0] ?? ''];
  if (closed.length <= shownOfPath) return closed.join(' → ');
  const hidden = closed.length - shownOfPath;
  return [...closed.slice(0, shownOfPath - 2), `… ${hidden} more …`, ...closed.slice(-2)].join(' → ');
}
