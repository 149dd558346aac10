/**
 * "Never breaks main". The model knows of every tree whether it is good, and its gates pass nothing that is not: so
 * what the town pushes is good, unless its CI takes back what it said, or someone else broke main before.
 */
import { faultsOf } from '../git/truth.ts';
import type { Invariant } from '../kernel/invariant.ts';
import { TownPushes } from './git.ts';

export function mainStaysGreen(): Invariant {
  const pushes = new TownPushes();
  return {
    name: 'the town never breaks main',
    check(seen) {
      pushes.look(seen);
      for (const { url, ref, from, to } of seen.moved) {
        if (!to || pushes.behind(url, ref, to.oid).length === 0) continue;
        const plan = seen.scenario.rigs.find((rig) => rig.url === url);
        const isTrusted = plan?.gates === true || plan?.ci.contradicts === 0;
        const faults = faultsOf(to.tree);
        if (isTrusted && faults.length > 0 && (!from || faultsOf(from.tree).length === 0))
          return `${ref} of ${url} is broken by ${to.oid}: ${faults.join('; ')}`;
      }
      return undefined;
    },
  };
}
