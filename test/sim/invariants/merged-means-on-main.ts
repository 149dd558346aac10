/**
 * "Its bead closes only after that target is re-read and contains it", and "main, read again, says what became of a
 * landing, not what the push answered". A target that is rewritten later has contained it all the same.
 */

import { reachable } from '../git/history.ts';
import type { Invariant } from '../kernel/invariant.ts';
import { Heads, trailer } from './git.ts';
import { beadOf, changed, queueNameOf } from './records.ts';

export function mergedMeansOnMain(): Invariant {
  const heads = new Heads();
  return {
    name: 'merged means on main',
    check(seen) {
      heads.look(seen);
      for (const { key, was, is } of changed(seen, 'landing')) {
        const arrives = is?.body.state === 'arrived' || is?.body.state === 'done';
        if (!arrives || was?.body.state === is?.body.state) continue;
        const { rig, target } = queueNameOf(key);
        if (!heads.everHad(seen, rig, target, is.body.to))
          return `landing ${is.body.epoch} is ${is.body.state}, and ${target} of ${rig} never had ${is.body.to}`;
      }
      for (const { was, is } of changed(seen, 'bead')) {
        if (is?.body.closedReason !== 'merged' || was?.body.closedReason === 'merged') continue;
        const { id, rig, target, commit = '' } = is.body;
        if (!heads.everHad(seen, rig, target, commit))
          return `${id} is merged, and ${target} of ${rig} never had ${commit}`;
      }
      return undefined;
    },
    /** And the other way round: what is on main at rest its bead knows of. */
    atRest(seen) {
      for (const { name, url } of seen.scenario.rigs) {
        const head = seen.git.origin(url).branch('main');
        const commits = head ? [...reachable([head])] : [];
        for (const commit of commits) {
          const [id, attempt] = [trailer(commit, 'Bead'), trailer(commit, 'Attempt')];
          if (id === undefined || trailer(commit, 'Convoy') === undefined) continue;
          const bead = beadOf(seen, id);
          // An earlier attempt may have arrived late: then it is the one that the bead names.
          const named = commits.find(({ oid }) => oid === bead?.commit);
          const known = [String(bead?.attempt), named && trailer(named, 'Attempt')];
          if (bead?.closedReason !== 'merged' || !known.includes(attempt))
            return `${name} has attempt ${attempt} of ${id} on main, and the bead is ${bead?.status} in attempt ${bead?.attempt}`;
        }
      }
      return undefined;
    },
  };
}
