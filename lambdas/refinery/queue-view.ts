/** The queue as people see it: who is next, who is being tested, why, and what became of the last ones. */
import { partitions, prefixes } from '../../core/keys.ts';
import type { Instant, Ports } from '../../core/ports.ts';
import { inOrder } from '../../core/refinery/order.ts';
import type { Candidate, MergeRequest, Queue } from '../../core/refinery/records.ts';
import { activeCandidates, openRequests, queueOf } from '../../core/refinery/view.ts';
import { recordOf } from '../../core/step.ts';
import { loadView } from './load.ts';

export interface QueuePicture {
  readonly queue: Queue;
  /** In testing first, then the line, in the order in which it will be tested. `position` counts from 1. */
  readonly open: readonly (MergeRequest & { readonly position: number })[];
  readonly candidates: readonly Candidate[];
  /** Newest first. */
  readonly ended: readonly MergeRequest[];
}

/** Nothing, if there is no such rig. */
export async function queueView(
  deps: Pick<Ports, 'ledger' | 'clock'>,
  rig: string,
  target: string,
  endedMax = 50,
): Promise<QueuePicture | undefined> {
  const view = await loadView(deps.ledger, rig, target);
  if (!view) return undefined;
  const now: Instant = deps.clock.now();
  const queue = queueOf(view, now);
  const requests = openRequests(view).map((request) => request.body);
  const line = requests.filter((request) => request.state === 'queued');
  const tested = requests.filter((request) => request.state !== 'queued');
  const ended = await deps.ledger.query(partitions.queue(rig, target), {
    prefix: prefixes.endedMergeRequests,
    reverse: true,
    limit: endedMax,
  });
  return {
    queue,
    open: [...tested, ...inOrder(line, queue.landedSeqs ?? [], now)].map((request, i) => ({
      ...request,
      position: i + 1,
    })),
    candidates: activeCandidates(view).map((candidate) => candidate.body),
    ended: ended.items.flatMap((item) => recordOf<MergeRequest>(item)?.body ?? []),
  };
}
