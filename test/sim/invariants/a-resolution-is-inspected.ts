/** "Guards (hunks outside the conflict, deleted or skipped tests are refused)": what a resolver left is in line only if git finds no fault in it. */
import { faultOf } from '../../../core/refinery/conflict/judge-resolution.ts';
import { inspectResolution } from '../git/compare.ts';
import type { Invariant } from '../kernel/invariant.ts';
import { remoteOf } from './git.ts';
import { beadOf, changed, queueNameOf } from './records.ts';

export const aResolutionIsInspected = (): Invariant => ({
  name: 'a resolution is inspected before it is in line',
  check(seen) {
    for (const { key, was, is } of changed(seen, 'request')) {
      if (was?.body.state !== 'resolving' || is?.body.state !== 'queued' || is.body.head === was.body.head) continue;
      const { rig, target } = queueNameOf(key);
      const origin = remoteOf(seen, rig);
      const { resolves } = (was.body.resolver && beadOf(seen, was.body.resolver.bead)) ?? {};
      const commits = [resolves?.base, resolves?.head, is.body.head].map((oid) => origin?.commit(oid ?? ''));
      const [base, head, resolved] = commits;
      const fault =
        base && head && resolved ? faultOf(inspectResolution(base, head, resolved), target) : 'nobody can look at it';
      if (fault !== undefined) return `the resolution of ${is.body.bead} is in line as ${is.body.head}: ${fault}`;
    }
    return undefined;
  },
});
