/** The moves around main: land what passed, find out what became of a landing, look for those that were given up. */
import type { Bead } from '../../core/convoys/bead.ts';
import { RepoUnreachable, Unavailable } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Item, Oid, PushResult } from '../../core/ports.ts';
import { drop, type LeftOut, leaveOut, withdrawStale } from '../../core/refinery/candidates.ts';
import {
  covers,
  exhausted,
  fastForwards,
  foreignPush,
  join,
  landed,
  openLanding,
  refused,
  rewritten,
  type Standing,
  tryAgain,
} from '../../core/refinery/landing.ts';
import { changesCi } from '../../core/refinery/look.ts';
import type { Candidate, Landing, MergeRequest } from '../../core/refinery/records.ts';
import { membersIn, type QueueView, queueOf, requestOf } from '../../core/refinery/view.ts';
import { load } from '../platform/load.ts';
import { givenUpOn } from './given-up.ts';
import { lostBeads } from './lost.ts';
import { reviewedNoMore } from './review.ts';
import { passedNoMore, staleAmong, unexpected } from './testing.ts';
import { commit, type Done, readMain, rest, type Tick, targetRef } from './tick.ts';

const headRef = (request: MergeRequest): string => `refs/heads/${request.branch}`;

/**
 * A passed candidate: if main, its branches and its beads are as they were, its landing is written down and pushed. If
 * main has moved since it was built, its changes join what lands next.
 */
export async function takePass(tick: Tick, view: QueueView, was: Item<Candidate>, now: Instant): Promise<Done> {
  const candidate = was.body;
  const members = membersIn(view, candidate);
  const stale = await staleAmong(tick, members);
  if (stale.length > 0) return commit(withdrawStale(view, stale, now));
  const refs = await tick.deps.repo.readRefs(view.remote, [
    targetRef(view),
    ...members.map((member) => headRef(member.body)),
  ]);
  const main = refs.get(targetRef(view));
  tick.main = main ?? null;
  const moved = await unexpected(tick, view, main, now);
  if (moved) return moved;
  const gone = members.flatMap(({ body }): LeftOut[] => {
    const head = refs.get(headRef(body));
    if (head === body.head) return [];
    return [{ seq: body.seq, why: head === undefined ? { fault: 'branch_gone' } : { fault: 'head_moved', head } }];
  });
  if (gone.length > 0) return commit(leaveOut(view, was, gone, now));
  const unreviewed = await reviewedNoMore(tick, view, was, now);
  if (unreviewed) return commit(unreviewed);
  const spoiled = await passedNoMore(tick, view, candidate);
  if (spoiled !== undefined) return commit(drop(view, was, spoiled, now));
  if (main === undefined || !fastForwards(candidate, main)) {
    // What travels alone joins nobody.
    const alone = members.some(({ body }) => changesCi(body));
    return commit(
      alone
        ? drop(view, was, `${view.target} has moved: it is tested again, alone`, now)
        : join(view, was, main ?? '', now),
    );
  }
  const beads = await Promise.all(members.map((member) => load.bead(tick.deps.ledger, member.body.bead)));
  const found = beads.flatMap((bead): Item<Bead>[] => (bead ? [bead] : []));
  const epoch = queueOf(view, now).epoch + 1;
  return commit(openLanding(view, was, main, found, now), () => {
    tick.toPush = { epoch, tries: 1 };
  });
}

/** An open landing: pushed now if this tick has just written it down; then main, read again, says what became of it. */
export async function resolve(tick: Tick, view: QueueView, was: Item<Landing>, now: Instant): Promise<Done> {
  const landing = was.body;
  const push = tick.toPush;
  tick.toPush = undefined;
  if (push?.epoch === landing.epoch && push.tries === landing.tries && !tick.stopped) {
    tick.answer = { epoch: landing.epoch, result: await pushLanding(tick, view, landing) };
  }
  const answer = tick.answer?.epoch === landing.epoch ? tick.answer.result : undefined;
  const main = await readMain(tick, view);
  const standing = await standingOf(tick, view, landing, main);
  if (main !== undefined && standing === 'contains') {
    const givenUp = await givenUpOn(tick, view, main);
    const longer = givenUp.find(({ body }) => body.to !== landing.to && covers(body, landing));
    return commit(landed(view, longer ?? was, main, now));
  }
  if (main !== undefined && standing === 'beyond') {
    // What moved main may be a landing that was given up: the next move looks for those.
    return commit(foreignPush(view, main, was, now), () => {
      tick.main = undefined;
    });
  }
  if (main === undefined || standing === 'rewritten')
    return commit(rewritten(view, main, await lostBeads(tick, view, main), was, now));
  return notYet(tick, view, was, answer, now);
}

async function pushLanding(tick: Tick, view: QueueView, landing: Landing): Promise<PushResult> {
  try {
    return await tick.deps.repo.pushWithLease(view.remote, {
      ref: targetRef(view),
      from: landing.from,
      to: landing.to,
      // Whoever gives this landing up counts on it that no push starts or goes on after its deadline.
      timeoutMs: Math.max(1, landing.pushDeadline - tick.deps.clock.now()),
    });
  } catch (error) {
    if (error instanceof RepoUnreachable || error instanceof Unavailable)
      return { pushed: 'unknown', text: error.message };
    throw error;
  }
}

async function standingOf(
  tick: Tick,
  view: QueueView,
  { from, to }: Landing,
  main: Oid | undefined,
): Promise<Standing> {
  const { repo } = tick.deps;
  if (main === to) return 'contains';
  if (main === from) return 'at_from';
  if (main === undefined) return 'rewritten';
  if ((await repo.isAncestor(view.remote, to, main)) === true) return 'contains';
  return (await repo.isAncestor(view.remote, from, main)) === true ? 'beyond' : 'rewritten';
}

/** Main has not moved. Refused for good, held back, tried too often, or pushed once more. */
async function notYet(
  tick: Tick,
  view: QueueView,
  was: Item<Landing>,
  answer: PushResult | undefined,
  now: Instant,
): Promise<Done> {
  const landing = was.body;
  if (answer?.pushed === 'rejected') return commit(refused(view, was, answer.text, now));
  if (queueOf(view, now).paused || tick.stopped) return rest;
  if (landing.tries >= limits.landingTriesMax) {
    // Another pusher may still be at it, until its deadline.
    return answer || landing.pushDeadline <= now ? commit(exhausted(view, was, answer, now)) : rest;
  }
  if (answer) await tick.deps.clock.sleep(limits.commitBackoffMs * 2 ** landing.tries);
  const gone = await movedAmong(tick, view, landing, now);
  if (gone) return commit(gone(was, now));
  return commit(tryAgain(view, was, now), () => {
    tick.toPush = { epoch: landing.epoch, tries: landing.tries + 1 };
  });
}

/** Looked at before every other push: a head that moved is not the one that was submitted, and a pass expires. */
async function movedAmong(tick: Tick, view: QueueView, landing: Landing, now: Instant) {
  const passedAt = view.candidates.find(({ body }) => body.id === landing.candidate)?.body.passedAt ?? now;
  const members = landing.members.flatMap((member) => requestOf(view, member.seq) ?? []);
  const refs = await tick.deps.repo.readRefs(
    view.remote,
    members.map((member) => headRef(member.body)),
  );
  const moved = members.some(({ body }) => body.state !== 'queued' || refs.get(headRef(body)) !== body.head);
  const expired = passedAt + view.policy.verdictExpiresMs <= now;
  if (!moved && !expired && members.length === landing.members.length) return undefined;
  return (was: Item<Landing>, now: Instant) =>
    exhausted(
      view,
      was,
      { pushed: 'unknown', text: 'a change in it was withdrawn, its branch has moved, or its pass has expired' },
      now,
    );
}
