/**
 * "No dependent started before its needs merged": nobody gets a slot, a place in line or an execution before that. And a
 * bead that is called blocked for good has a lost need.
 */
import { type Bead, hasEnded, isLost, satisfies } from '../../../core/convoys/bead.ts';
import { kindOf } from '../../../core/keys.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { beadOf, changed } from './records.ts';

const hasStarted = ({ run, inLine, admittedAt }: Bead): boolean =>
  run > 0 || inLine !== undefined || admittedAt !== undefined;

const hasLostNeed = (seen: Seen, bead: Bead): boolean =>
  bead.needs.some((id) => {
    const need = beadOf(seen, id);
    return need !== undefined && (isLost(need) || hasLostNeed(seen, need));
  });

export const needsComeFirst = (): Invariant => ({
  name: 'needs come first',
  check(seen) {
    for (const { was, is } of changed(seen, 'bead')) {
      if (!is || !hasStarted(is.body) || (was && hasStarted(was.body)) || hasEnded(is.body)) continue;
      if (is.body.blockedForGood) return `${is.body.id} has started, and is called blocked for good`;
      const open = is.body.needs.find((id) => {
        const need = beadOf(seen, id);
        return !need || !satisfies(need);
      });
      if (open !== undefined) return `${is.body.id} has started, and ${open} is ${beadOf(seen, open)?.status}`;
    }
    return undefined;
  },
  atRest(seen) {
    for (const pk of seen.partitions()) {
      for (const item of seen.partition<Bead>(pk)) {
        if (kindOf(item) !== 'bead' || hasEnded(item.body) || item.body.run > 0) continue;
        const { id, blockedForGood } = item.body;
        if (blockedForGood !== hasLostNeed(seen, item.body))
          return `${id} is ${blockedForGood ? '' : 'not '}blocked for good`;
      }
    }
    return undefined;
  },
});
