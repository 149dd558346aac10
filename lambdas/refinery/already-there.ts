import type { Instant, Item, Oid } from '../../core/ports.ts';
import type { LeftOut } from '../../core/refinery/candidates.ts';
import { foundOnMain } from '../../core/refinery/landing.ts';
import { trailersOf, trailersOfBead } from '../../core/refinery/message.ts';
import type { Candidate, MergeRequest } from '../../core/refinery/records.ts';
import { type QueueView, requestOf, type Turn } from '../../core/refinery/view.ts';
import type { Tick } from './tick.ts';

/** What landed as it is, or was merged as a pull request, has no commit of the town's: the branch's is in the target. */
async function commitOn({ deps: { repo } }: Tick, view: QueueView, base: Oid, request: MergeRequest) {
  const { asIs, review, head } = request;
  if ((asIs || review) && (await repo.isAncestor(view.remote, head, base)) === true) return head;
  return (
    (await repo.findCommit(view.remote, base, trailersOf(request))) ??
    (await repo.findCommit(view.remote, base, trailersOfBead(request)))
  );
}

/**
 * A change that adds nothing may be on main already: by a landing of its bead that the record has lost, of this attempt
 * or another. Its trailers tell; sameness of content alone does not, or a polecat that did nothing would count as merged.
 */
export async function alreadyThere(
  tick: Tick,
  view: QueueView,
  was: Item<Candidate>,
  faults: readonly LeftOut[],
  now: Instant,
): Promise<Turn | undefined> {
  for (const { seq, why } of faults) {
    const member = requestOf(view, seq);
    if (!member || why.fault !== 'empty' || why.with !== 'base') continue;
    const found = await commitOn(tick, view, was.body.base, member.body);
    if (found !== undefined) return foundOnMain(view, was, member, found, now);
  }
  return undefined;
}
