import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Bead } from '../../../core/convoys/bead.ts';
import { graphOf } from '../../../core/feed/graph.ts';

/** Only what the graph reads; every need points to an earlier bead, so there is no cycle. */
const plans = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 }).map((needs) =>
  needs.map(
    (wanted, i) =>
      ({
        id: `gr-000000-${i + 1}`,
        name: `b${i}`,
        title: '',
        status: 'open',
        priority: 2,
        needs: i === 0 ? [] : [...new Set(wanted.map((n) => `gr-000000-${(n % i) + 1}`))],
      }) as unknown as Bead,
  ),
);

test('every bead stands on one level, just above the highest bead it needs', () => {
  fc.assert(
    fc.property(plans, (beads) => {
      const { levels, edges, nodes } = graphOf(beads);
      const levelOf = new Map(levels.flatMap((ids, level) => ids.map((id) => [id, level] as const)));
      expect(levels.flat()).toHaveLength(beads.length);
      expect(nodes).toHaveLength(beads.length);
      expect(edges).toHaveLength(beads.reduce((sum, bead) => sum + bead.needs.length, 0));
      for (const bead of beads) {
        const highest = Math.max(-1, ...bead.needs.map((need) => levelOf.get(need) ?? Number.NaN));
        expect(levelOf.get(bead.id)).toBe(highest + 1);
      }
    }),
  );
});
