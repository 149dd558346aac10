import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { components, cycleIn, depths } from '../../../core/convoys/graph.ts';
import { type Plan, type PlannedBead, type PlanTown, validatePlan } from '../../../core/convoys/plan.ts';
import { limits } from '../../../core/limits.ts';

const town: PlanTown = { rig: 'green', rigs: ['blue', 'green'], runtime: 'shell' };
const bead = (name: string, needs: readonly string[] = [], more: Partial<PlannedBead> = {}): PlannedBead => ({
  name,
  title: `Do ${name}`,
  instructions: '',
  acceptance: [],
  script: 'true',
  type: 'task',
  priority: 2,
  labels: [],
  needs: [...needs],
  ...more,
});
const planOf = (...beads: PlannedBead[]): Plan => ({ title: 'Plan', beads });
const faultsOf = (plan: Plan) => validatePlan(plan, limits, town);
const codes = (plan: Plan) => faultsOf(plan).map(({ code, at }) => `${code} ${at}`);

describe('a plan is refused', () => {
  test.each<[string, Plan, string]>([
    ['without a bead', planOf(), 'PLAN_EMPTY /beads'],
    ['without a title', { title: ' ', beads: [bead('a')] }, 'TITLE_EMPTY /title'],
    ['with a bead without a title', planOf(bead('a', [], { title: '' })), 'TITLE_EMPTY /beads/0/title'],
    ['with a title of two lines', planOf(bead('a', [], { title: 'a\nb' })), 'TITLE_NOT_ONE_LINE /beads/0/title'],
    [
      'with a title of 201 characters',
      planOf(bead('a', [], { title: 'a'.repeat(201) })),
      'TITLE_TOO_LONG /beads/0/title',
    ],
    ['with two beads of one name', planOf(bead('a'), bead('a')), 'NAME_DUPLICATE /beads/1/name'],
    ['with a need that is no bead', planOf(bead('a', ['b'])), 'NEED_UNKNOWN /beads/0/needs/0'],
    ['with a need named twice', planOf(bead('a'), bead('b', ['a', 'a'])), 'NEED_DUPLICATE /beads/1/needs/1'],
    ['with a bead that needs itself', planOf(bead('a', ['a'])), 'NEED_SELF /beads/0/needs/0'],
    ['with a bead of a rig that does not exist', planOf(bead('a', [], { rig: 'gren' })), 'RIG_UNKNOWN /beads/0/rig'],
    ['with a bead of another rig', planOf(bead('a', [], { rig: 'blue' })), 'RIG_OTHER /beads/0/rig'],
    ['with an agent that no rig knows', planOf(bead('a', [], { runtime: 'shel' })), 'RUNTIME_UNKNOWN /beads/0/runtime'],
    ['with a shell bead without a script', planOf({ ...bead('a'), script: ' \n' }), 'SCRIPT_MISSING /beads/0/script'],
    [
      'with a bead of 21 labels',
      planOf(bead('a', [], { labels: Array.from({ length: 21 }, (_, i) => `l${i}`) })),
      'LABELS_TOO_MANY /beads/0/labels',
    ],
  ])('%s', (_, plan, expected) => {
    expect(codes(plan)).toEqual([expected]);
  });

  test('with more beads, needs or depth than the limits', () => {
    const many = Array.from({ length: limits.beadsPerConvoyMax + 1 }, (_, i) => bead(`b${i}`));
    expect(codes(planOf(...many))).toEqual(['PLAN_TOO_LARGE /beads']);
    expect(codes(planOf(...many.slice(1)))).toEqual([]);

    const needs = many.slice(0, limits.needsPerBeadMax + 1);
    expect(
      codes(
        planOf(
          ...needs,
          bead(
            'z',
            needs.map(({ name }) => name),
          ),
        ),
      ),
    ).toEqual(['NEEDS_TOO_MANY /beads/51/needs']);

    const chain = (n: number) => Array.from({ length: n }, (_, i) => bead(`b${i}`, i === 0 ? [] : [`b${i - 1}`]));
    expect(codes(planOf(...chain(limits.planDepthMax)))).toEqual([]);
    expect(codes(planOf(...chain(limits.planDepthMax + 1)))).toEqual(['PLAN_TOO_DEEP /beads/50/needs']);
  });

  test('with every cycle, each by its path', () => {
    const faults = faultsOf(
      planOf(bead('a', ['b']), bead('b', ['c']), bead('c', ['a', 'd']), bead('d', ['e']), bead('e', ['d'])),
    );
    expect(faults.map(({ what }) => what)).toEqual([
      'Beads wait for each other: a → b → c → a.',
      'Beads wait for each other: d → e → d.',
    ]);
  });

  test('with the nearest name for a misspelt one', () => {
    expect(faultsOf(planOf(bead('greet'), bead('b', ['gret'])))[0]?.what).toContain('Did you mean "greet"?');
    expect(faultsOf(planOf(bead('greet'), bead('b', ['xyz'])))[0]?.what).not.toContain('Did you mean');
    expect(faultsOf(planOf(bead('a', [], { rig: 'gren' })))[0]?.what).toContain('Did you mean "green"?');
  });
});

test('a bead of an agent other than the shell needs no script', () => {
  const { script: _, ...rest } = bead('a', [], { runtime: 'command' });
  expect(codes(planOf(rest))).toEqual([]);
});

/** A graph as lists of neighbours, with edges in both directions unless `acyclic`. */
const graph = (acyclic: boolean) =>
  fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, i) => {
        const others = Array.from({ length: size }, (_, j) => j).filter((j) => (acyclic ? j < i : j !== i));
        return fc.subarray(others, { maxLength: Math.min(3, others.length) });
      }),
    ),
  );
const planOfGraph = (edges: readonly (readonly number[])[]): Plan =>
  planOf(
    ...edges.map((needs, i) =>
      bead(
        `b${i}`,
        needs.map((j) => `b${j}`),
      ),
    ),
  );

/** Can `from` come back to itself? By brute force, to have something independent to compare with. */
function onCycle(edges: readonly (readonly number[])[], from: number): boolean {
  const reached = new Set<number>();
  const queue = [...(edges[from] ?? [])];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    queue.push(...(edges[node] ?? []));
  }
  return reached.has(from);
}

test('a plan without a cycle has no fault', () => {
  fc.assert(fc.property(graph(true), (edges) => expect(codes(planOfGraph(edges))).toEqual([])));
});

test('a plan has a cycle fault exactly if some bead waits for itself, and each path is one', () => {
  fc.assert(
    fc.property(graph(false), (edges) => {
      const cyclic = edges.map((_, i) => i).filter((i) => onCycle(edges, i));
      const inOrder = components(edges);
      expect(
        inOrder
          .filter((c) => c.length > 1)
          .flat()
          .sort((a, b) => a - b),
      ).toEqual(cyclic);
      expect(inOrder.flat().sort((a, b) => a - b)).toEqual(edges.map((_, i) => i));
      expect(faultsOf(planOfGraph(edges)).length).toBe(inOrder.filter((c) => c.length > 1).length);
      for (const component of inOrder.filter((c) => c.length > 1)) {
        const path = cycleIn(edges, component);
        expect(path[0]).toBe(component[0]);
        for (const [i, node] of path.entries()) expect(edges[node]).toContain(path[(i + 1) % path.length]);
      }
    }),
  );
});

test('the depth of a bead is one more than that of the deepest it needs', () => {
  fc.assert(
    fc.property(graph(true), (edges) => {
      const depth = depths(edges, components(edges));
      for (const [i, needs] of edges.entries())
        expect(depth[i]).toBe(1 + Math.max(0, ...needs.map((j) => depth[j] ?? 0)));
    }),
  );
});

test('every fault that is planted is reported, all of them together', () => {
  const plants: Record<string, (n: number) => PlannedBead[]> = {
    NEED_UNKNOWN: (n) => [bead(`p${n}`, ['nobody'])],
    NEED_SELF: (n) => [bead(`p${n}`, [`p${n}`])],
    NEED_DUPLICATE: (n) => [bead(`p${n}`), bead(`q${n}`, [`p${n}`, `p${n}`])],
    NAME_DUPLICATE: (n) => [bead(`p${n}`), bead(`p${n}`)],
    PLAN_CYCLE: (n) => [bead(`p${n}`, [`q${n}`]), bead(`q${n}`, [`p${n}`])],
    TITLE_EMPTY: (n) => [bead(`p${n}`, [], { title: '' })],
    TITLE_TOO_LONG: (n) => [bead(`p${n}`, [], { title: 'x'.repeat(500) })],
    RIG_UNKNOWN: (n) => [bead(`p${n}`, [], { rig: 'nowhere' })],
    RIG_OTHER: (n) => [bead(`p${n}`, [], { rig: 'blue' })],
    SCRIPT_MISSING: (n) => [bead(`p${n}`, [], { script: '' })],
  };
  fc.assert(
    fc.property(graph(true), fc.array(fc.constantFrom(...Object.keys(plants)), { maxLength: 12 }), (edges, planted) => {
      const beads = planted.flatMap((code, n) => plants[code]?.(n) ?? []);
      const plan = planOf(...planOfGraph(edges).beads, ...beads);
      expect(
        faultsOf(plan)
          .map(({ code }) => code)
          .sort(),
      ).toEqual([...planted].sort());
      expect(faultsOf(plan)).toEqual(faultsOf(plan));
    }),
  );
});

describe('a malicious plan of 100,000 beads is answered', () => {
  const size = 100_000;
  const chain = (last: string[]) =>
    Array.from({ length: size }, (_, i) => bead(`b${i}`, i + 1 < size ? [`b${i + 1}`] : last));

  test('as one chain', () => {
    expect(codes(planOf(...chain([])))).toEqual(['PLAN_TOO_LARGE /beads', 'PLAN_TOO_DEEP /beads/0/needs']);
  });

  test('as one cycle, of which the beginning and the end are told', () => {
    const faults = faultsOf(planOf(...chain(['b0'])));
    expect(faults.map(({ code }) => code)).toEqual(['PLAN_TOO_LARGE', 'PLAN_CYCLE']);
    expect(faults[1]?.what).toMatch(/^Beads wait for each other: b0 → b1 → .* → … 99981 more … → b99999 → b0\.$/);
  });

  test('with nothing but unknown needs', () => {
    const beads = Array.from({ length: size }, (_, i) => bead(`b${i}`, [`x${i}`]));
    expect(faultsOf(planOf(...beads))).toHaveLength(size + 1);
  });
});
