/** The queue as people see it: who is next, who is being tested, why, and what became of the last ones. */
import { accountOfChange, accountOfEnded, type ChangeAccount } from '../../core/feed/change.ts';
import { accountOfQueue, type QueueAccount } from '../../core/feed/queue.ts';
import { keys, partitions, prefixes } from '../../core/keys.ts';
import type { Instant, Ports } from '../../core/ports.ts';
import { inOrder, overtakenBy } from '../../core/refinery/order.ts';
import { onBoard } from '../../core/refinery/planner/board.ts';
import { hasEndedRequest, type MergeRequest, type Queue } from '../../core/refinery/records.ts';
import { landsInMs, type Shown, shownOf } from '../../core/refinery/shown.ts';
import {
  activeCandidates,
  boardOf,
  openRequests,
  type QueueView,
  queueOf,
  requestOf,
} from '../../core/refinery/view.ts';
import { recordOf } from '../../core/step.ts';
import { loadView } from './load.ts';

interface OpenRequest extends Omit<MergeRequest, keyof Shown>, Shown {
  /** From 1: what is under test first, then the line. */
  readonly position: number;
  /** Changes submitted later that landed before it: exact up to 64. */
  readonly overtaken: number;
  /** About when it may land; absent before anything ran here, while the queue is paused, and for a likely culprit. */
  readonly landsAt?: Instant;
}

export interface QueuePicture {
  readonly queue: Queue;
  readonly account: QueueAccount;
  /** Under test first, then the line, in the order in which it will be tested. */
  readonly open: readonly OpenRequest[];
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
    account: accountOfQueue(view),
    open: openOf(view, now),
    ended: ended.items.flatMap((item) => recordOf<MergeRequest>(item)?.body ?? []),
  };
}

/** A suspect that will likely go back is promised nothing. */
const promisedMax = 0.5;

function openOf(view: QueueView, now: Instant): OpenRequest[] {
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
    const shown = shownOf(view, request);
    const isHopeful = request.state === 'queued' && !request.held && (shown.blame ?? 0) <= promisedMax;
    const inMs = queue.paused || !isHopeful ? undefined : landsInMs(view, i);
    return {
      ...request,
      ...shown,
      position: i + 1,
      overtaken: overtakenBy(landedSeqs, request.seq),
      ...(inMs === undefined ? {} : { landsAt: Math.max(now, now + inMs - ranFor(view, shown, now)) }),
    };
  });
}

/** What its run under way has taken already. */
const ranFor = (view: QueueView, { candidate }: Shown, now: Instant): number =>
  now - (activeCandidates(view).find(({ body }) => body.id === candidate)?.body.startedAt ?? now);

export interface ChangePicture extends ChangeAccount {
  readonly request: MergeRequest;
  /** Absent once it has ended. */
  readonly place?: Pick<OpenRequest, 'position' | 'overtaken' | 'landsAt'> & { readonly of: number };
}

/** One change, by its merge request; nothing, if its record is gone. */
export async function changeView(
  deps: Pick<Ports, 'ledger' | 'clock'>,
  rig: string,
  target: string,
  seq: string,
): Promise<ChangePicture | undefined> {
  const now = deps.clock.now();
  const view = await loadView(deps.ledger, rig, target);
  const request = view && requestOf(view, seq)?.body;
  if (!request || hasEndedRequest(request)) {
    const ended =
      request ?? recordOf<MergeRequest>(await deps.ledger.get(keys.endedMergeRequest(rig, target, seq)))?.body;
    return ended && { ...accountOfEnded(target, ended), request: ended };
  }
  const open = openOf(view, now);
  const own = open.find((other) => other.seq === seq);
  const { position = open.length, overtaken = 0, landsAt } = own ?? {};
  const place = { position, of: open.length, overtaken, ...(landsAt === undefined ? {} : { landsAt }) };
  return { ...accountOfChange(view, request, place, now), request, place };
}
