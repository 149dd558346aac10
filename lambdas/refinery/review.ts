/** Asks the host of the code about pull requests: opens them, reads their reviews, closes them. */
import type { Instant, Item, PullRequests } from '../../core/ports.ts';
import type { Candidate, MergeRequest } from '../../core/refinery/records.ts';
import {
  closed,
  isReviewed,
  type Reviewed,
  recordReviews,
  takenBack,
  unreviewable,
} from '../../core/refinery/review.ts';
import type { ToClose } from '../../core/refinery/to-close.ts';
import { membersIn, type QueueView, type Turn } from '../../core/refinery/view.ts';
import { blockOnce } from './testing.ts';
import { again, commit, type Done, type Tick } from './tick.ts';

/** Each is asked about once in a tick: at the queue's timer, and whenever something wakes it. */
export async function askReviews(
  tick: Tick,
  view: QueueView,
  requests: readonly Item<MergeRequest>[],
  now: Instant,
): Promise<Done> {
  const host = tick.deps.codeHost.pullRequests;
  if (!host) return blockOnce(view, unreviewable(view.rig), now);
  const all = await Promise.all(requests.map((request): Promise<Reviewed> => reviewOf(host, view, request)));
  for (const { body } of requests) tick.asked.add(body.seq);
  const turn = recordReviews(view, all, now);
  return turn ? commit(turn) : again;
}

/** Before a landing: what people have taken back since, or closed, is written down, and so tested no further. */
export async function reviewedNoMore(
  { deps }: Tick,
  view: QueueView,
  was: Item<Candidate>,
  now: Instant,
): Promise<Turn | undefined> {
  const host = deps.codeHost.pullRequests;
  if (view.policy.via !== 'pr' || !host) return undefined;
  const members = membersIn(view, was.body);
  const taken = members.filter(({ body }) => !isReviewed(view, body));
  if (taken.length > 0) return takenBack(view, was, taken, now);
  return recordReviews(view, await Promise.all(members.map((member) => reviewOf(host, view, member))), now);
}

async function reviewOf(host: PullRequests, view: QueueView, request: Item<MergeRequest>): Promise<Reviewed> {
  const { review, branch, title, bead, convoy } = request.body;
  if (review) return { request, found: await host.read(view.remote, review.number) };
  const body = `Bead: ${bead}\nConvoy: ${convoy}\n\nThe merge queue tests and lands it once it has the reviews that ${view.target} requires.`;
  return { request, found: await host.open(view.remote, { branch, onto: view.target, title, body }) };
}

/** What a host refuses or cannot be told now does not hold up the queue: it is told later. */
export async function closePullRequest(tick: Tick, view: QueueView, was: Item<ToClose>, now: Instant): Promise<Done> {
  const { codeHost, log } = tick.deps;
  tick.asked.add(was.sk);
  try {
    await codeHost.pullRequests?.close(view.remote, was.body.number, was.body.comment);
  } catch (error) {
    log('warn', 'a pull request could not be closed', { rig: view.rig, number: was.body.number, error: String(error) });
    return again;
  }
  return commit(closed(view, was, now));
}
