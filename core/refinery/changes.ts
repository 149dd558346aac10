/** The changes of a queue as the planner sees them. */
import { changesCi } from './look.ts';
import { isUrgent } from './order.ts';
import type { Change } from './planner/board.ts';
import { badChance, type Estimates } from './planner/estimate.ts';
import { riskOf } from './planner/risk.ts';
import type { MergeRequest } from './records.ts';
import { estimatesOf, type QueueView, requestOf } from './view.ts';

/** Its bead came back at least once, or its gates hung. */
export const isResubmitted = ({ attempt, retries = 0 }: { attempt: number; retries?: number }): boolean =>
  attempt - 1 + retries > 0;

export const changeOf = (request: MergeRequest, estimates: Estimates): Change => ({
  id: request.seq,
  risk: riskOf({ retries: isResubmitted(request) ? 1 : 0, conflicts: request.resolver?.tries ?? 0 }, estimates),
  ...(request.touched ? { paths: request.touched.paths } : {}),
  ...(changesCi(request) ? { alone: true } : {}),
  ...(isUrgent(request) ? { urgent: true } : {}),
});

/** The chance that the change is bad; of one that has left the queue, that of any other. */
export function riskOfSeq(view: QueueView, seq: string): number {
  const request = requestOf(view, seq)?.body;
  return request ? changeOf(request, estimatesOf(view)).risk : badChance(estimatesOf(view), false);
}
