/** The queue as people see it: who is next, who is being tested, why, and what became of the last ones. */
import { partitions, prefixes } from '../../core/keys.ts';
import type { Instant, Ports } from '../../core/ports.ts';
import { inOrder, overtakenBy } from '../../core/refinery/order.ts';
import { onBoard } from '../../core/refinery/planner/board.ts';
import type { Candidate, MergeRequest, Queue } from '../../core/refinery/records.ts';
import { landsInMs, type Shown, shownOf } from '../../core/refinery/shown.ts';
import { activeCandidates, boardOf, openRequests, type QueueView, queueOf } from '../../core/refinery/view.ts';
import { recordOf } from '../../core/step.ts';
import { loadView } from './load.ts';

export interface OpenRequest extends Omit<MergeRequest, keyof Shown>, Shown {
  /** From 1: what is under test first, then the line. */
  readonly position: number;
  /** Changes submitted later that landed before it: exact up to 64. */
  readonly overtaken: number;
  /** About when it may land; absent before anything ran here, and while the queue is paused. */
  readonly landsAt?: Instant;
}

export interface QueuePicture {
  readonly queue: Queue;
  /** Under test first, then the line, in the order in which it will be tested. */
  readonly open: readonly OpenRequest[];
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
  const ended = await deps.ledger.query(partitions.queue(rig, target), {
    prefix: prefixes.endedMergeRequests,
    reverse: true,
    limit: endedMax,
  });
  return {
    queue: queueOf(view, now),
    open: openOf(view, now),
    candidates: activeCandidates(view).map((candidate) => candidate.body),
    ended: ended.items.flatMap((item) => recordOf<MergeRequest>(item)?.body ?? []),
  };
}

export function openOf(view: QueueView, now: Instant): OpenRequest[] {
  const queue = queueOf(view, now);
  const landedSeqs = queue.landedSeqs ?? [];
  const there = onBoard(boardOf(view));
  const requests = openRequests(view).map((request) => request.body);
  const isTested = ({ seq, state }: MergeRequest) => state !== 'queued' || there.has(seq);
  const inLine = [
    ...requests.filter(isTested),
    ...inOrder(
      requests.filter((request) => !isTested(request)),
      landedSeqs,
      now,
    ),
  ];
  return inLine.map((request, i) => {
    const inMs = queue.paused || request.held || request.state !== 'queued' ? undefined : landsInMs(view, i);
    return {
      ...request,
      ...shownOf(view, request),
      position: i + 1,
      overtaken: overtakenBy(landedSeqs, request.seq),
      ...(inMs === undefined ? {} : { landsAt: now + inMs }),
    };
  });
}
