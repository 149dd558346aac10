/** Asks the host of the code about pull requests: opens them, reads their reviews, closes them. */
import type { Instant, Item, PullRequests } from '../../core/ports.ts';
import type { MergeRequest } from '../../core/refinery/records.ts';
import { closed, type Reviewed, recordReviews, unreviewable } from '../../core/refinery/review.ts';
import type { ToClose } from '../../core/refinery/to-close.ts';
import type { QueueView } from '../../core/refinery/view.ts';
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
