/** A resolver has ended: what it left is looked at in git, and the change goes back in line, or to the next resolver. */
import { hasEnded } from '../../core/convoys/bead.ts';
import type { Instant, Item } from '../../core/ports.ts';
import { acceptResolution, endOf, faultOf, refuseResolution } from '../../core/refinery/conflict/judge-resolution.ts';
import type { MergeRequest } from '../../core/refinery/records.ts';
import type { QueueView } from '../../core/refinery/view.ts';
import { load } from '../platform/load.ts';
import { again, commit, type Done, type Tick } from './tick.ts';

/** Nothing yet, if it is still at work: its end wakes this queue. This tick does not ask for it again. */
export async function judgeResolution(
  tick: Tick,
  view: QueueView,
  was: Item<MergeRequest>,
  now: Instant,
): Promise<Done> {
  const { ledger, repo } = tick.deps;
  const resolver = was.body.resolver && (await load.bead(ledger, was.body.resolver.bead))?.body;
  if (!resolver) throw new Error(`BUG: merge request ${was.body.seq} has no resolver`);
  if (!hasEnded(resolver)) {
    tick.asked.add(was.body.seq);
    return again;
  }
  const { resolves, closedReason, head, branch } = resolver;
  if (closedReason !== 'resolved' || !resolves || head === undefined || branch === undefined)
    return commit(refuseResolution(view, was, endOf(resolver), now));
  const facts = await repo.inspectResolution(view.remote, { base: resolves.base, head: resolves.head, resolved: head });
  const fault = facts ? faultOf(facts, view.target) : `its branch ${branch} is gone, or what it was made from`;
  if (fault !== undefined) return commit(refuseResolution(view, was, fault, now));
  return commit(acceptResolution(view, was, { resolver, head, branch }, now));
}
