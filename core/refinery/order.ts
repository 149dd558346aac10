/** Who is next. A score, so that age, urgency and failures weigh against each other; and a bound, so that nothing starves. */
import { limits } from '../limits.ts';
import type { Instant } from '../ports.ts';
import type { MergeRequest } from './records.ts';

const hourMs = 3_600_000;
const clamp = (value: number, max: number): number => Math.min(Math.max(value, 0), max);
const hoursSince = (at: Instant, now: Instant): number => clamp((now - at) / hourMs, limits.queueAgeHoursMax);

/** 1000 + 10 an hour of the convoy + 100 a step of priority − 50 a retry (300 at most) + 1 an hour of its own. */
export function scoreOf(request: MergeRequest, now: Instant): number {
  const urgency = 4 - clamp(request.priority, 4);
  return (
    1000 +
    10 * hoursSince(request.convoyCreatedAt, now) +
    100 * urgency -
    Math.min(50 * request.retries, 300) +
    hoursSince(request.submittedAt, now)
  );
}

/** How many of the changes that landed were submitted later. Exact up to 64, which is all that `landedSeqs` holds. */
export const overtakenBy = (landedSeqs: readonly string[], seq: string): number =>
  landedSeqs.filter((landed) => landed > seq).length;

export const isOverdue = (landedSeqs: readonly string[], { seq }: Pick<MergeRequest, 'seq'>): boolean =>
  overtakenBy(landedSeqs, seq) >= limits.overtakenMax;

/** The newest 64 seqs that landed; those older than everything that waits can overtake nobody. */
export function withLanded(
  landedSeqs: readonly string[],
  landed: readonly string[],
  waiting: readonly string[],
): readonly string[] {
  const oldest = waiting.reduce<string | undefined>(
    (least, seq) => (least === undefined || seq < least ? seq : least),
    undefined,
  );
  if (oldest === undefined) return [];
  return [...landedSeqs, ...landed]
    .filter((seq) => seq > oldest)
    .sort()
    .slice(-limits.overtakenMax);
}

const bySeq = (a: MergeRequest, b: MergeRequest): number => (a.seq < b.seq ? -1 : 1);

/** Priority 0: the next free slot is its own. */
export const isUrgent = ({ priority }: Pick<MergeRequest, 'priority'>): boolean => priority === 0;

/**
 * The order in which queued changes are tested: the overtaken first, in the order they came; then the urgent, then the
 * others, by score, ties by seq.
 */
export function inOrder(
  requests: readonly MergeRequest[],
  landedSeqs: readonly string[],
  now: Instant,
): readonly MergeRequest[] {
  const starved = (request: MergeRequest) => isOverdue(landedSeqs, request);
  const scores = new Map(requests.map((request) => [request.seq, scoreOf(request, now)]));
  const scored = (request: MergeRequest) => scores.get(request.seq) ?? 0;
  return [
    ...requests.filter(starved).sort(bySeq),
    ...requests
      .filter((request) => !starved(request))
      .sort((a, b) => Number(isUrgent(b)) - Number(isUrgent(a)) || scored(b) - scored(a) || bySeq(a, b)),
  ];
}
