/**
 * `refinery.via: pr`: people review a change as a pull request before it is tested. It lands as any other, by the
 * Refinery's own push; then its pull request is closed. Waiting is no fault: it stands aside, with the address of what
 * it waits for, and others go on.
 */
import { limits } from '../limits.ts';
import type { Instant, Item, PullRequest } from '../ports.ts';
import { type Step, together } from '../step.ts';
import { returnToBead } from './candidates.ts';
import { withdrawn } from './planner/board.ts';
import type { Candidate, MergeRequest } from './records.ts';
import type { ToClose } from './to-close.ts';
import { boardOf, dropCandidate, progress, type QueueView, saveRequest, short, type Turn } from './view.ts';

/** May be tested, as far as reviews go. */
export const isReviewed = ({ policy }: Pick<QueueView, 'policy'>, { review }: MergeRequest): boolean =>
  policy.via === 'push' || review?.approved === true;

export const unreviewable = (rig: string): string =>
  `refinery.via is pr, but this town can open no pull requests: gt rig config ${rig} refinery.via push`;

export interface Reviewed {
  readonly request: Item<MergeRequest>;
  /** As its host has it now; nothing: there is none any more, and the next look opens another. */
  readonly found: PullRequest | undefined;
}

/** Nothing, if all is as it was. */
export function recordReviews(view: QueueView, all: readonly Reviewed[], now: Instant): Turn | undefined {
  const steps = all
    .map((reviewed) => recordReview(view, reviewed, now))
    .filter((step) => step !== undefined)
    .slice(0, reviewsPerCommitMax);
  return steps.length === 0 ? undefined : { step: together({ changes: [progress(view, {}, now)] }, ...steps) };
}

/** One that ends its request takes five items of a transaction, or so. */
const reviewsPerCommitMax = Math.floor(limits.membersToldPerCommitMax / 2);

function recordReview(view: QueueView, { request, found }: Reviewed, now: Instant): Step | undefined {
  const { review: was, head, branch } = request.body;
  if (!found) return was && { changes: [saveRequest(request, [], { review: undefined })] };
  const { number, url, state } = found;
  if (state === 'closed') {
    const detail = `its pull request was closed: ${url}`;
    return returnToBead(view, request, { states: ['rejected'], cause: 'gate_failed', detail }, now);
  }
  if (found.head !== head) {
    const detail = `branch ${branch} is at ${short(found.head)}, but ${short(head)} was submitted`;
    return returnToBead(view, request, { states: ['withdrawn'], cause: 'branch_gone', detail }, now);
  }
  // Merged by somebody else: what is left to do, the build finds out.
  const approved = found.approved || state === 'merged';
  if (was?.number === number && was.approved === approved) return undefined;
  const because = approved ? `reviewed: ${url}` : `waits for reviews: ${url}`;
  return { changes: [saveRequest(request, [], { review: { number, url, approved }, because })] };
}

/** What these were tested in may not land; they wait for their reviews again, and the others are tested without them. */
export function takenBack(
  view: QueueView,
  was: Item<Candidate>,
  requests: readonly Item<MergeRequest>[],
  now: Instant,
): Turn {
  const because = `reviews were taken back: ${requests.map(({ body }) => body.bead).join(', ')}`;
  const board = withdrawn(
    boardOf(view),
    requests.map(({ body }) => body.seq),
  );
  return { step: together({ changes: [progress(view, { board }, now)] }, dropCandidate(was, because)) };
}

export const closed = (view: QueueView, was: Item<ToClose>, now: Instant): Turn => ({
  step: {
    changes: [progress(view, {}, now), { delete: { pk: was.pk, sk: was.sk }, expect: { version: was.version } }],
  },
});
