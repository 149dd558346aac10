/**
 * "Transitions are data": a record goes only where its table in core lets it. What has ended stays ended, numbers that
 * fence only grow, and a polecat's record is one polecat's.
 */
import { assertBeadTransition, type Bead } from '../../../core/convoys/bead.ts';
import { assertConvoyTransition } from '../../../core/convoys/convoy.ts';
import type { Polecat } from '../../../core/polecats/polecat.ts';
import {
  assertCandidateTransition,
  type Candidate,
  hasEndedRequest,
  type Landing,
  type MergeRequest,
  type Queue,
} from '../../../core/refinery/records.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { type Changed, changed } from './records.ts';

const nextLandingStates: Readonly<Record<Landing['state'], readonly Landing['state'][]>> = {
  open: ['open', 'arrived', 'done', 'given_up'],
  arrived: ['arrived', 'done'],
  done: [],
  // A push that stalled may arrive after all.
  given_up: ['given_up', 'arrived', 'done'],
};

function refusedBy(assert: () => void): string | undefined {
  try {
    assert();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function beadBreach(was: Bead, is: Bead): string | undefined {
  if (is.run < was.run && is.run !== 0) return `${is.id} went from run ${was.run} back to ${is.run}`;
  if (is.run > was.run && is.run <= (was.lastRun ?? 0)) return `${is.id} has run ${is.run} for the second time`;
  const kept = (['id', 'convoy', 'rig', 'target', 'createdAt'] as const).find((field) => was[field] !== is[field]);
  if (kept !== undefined) return `${is.id} has another ${kept}`;
  // Who waited for its end is told once.
  if (was.status === 'closed' && was.awaitedBy === undefined) return `${is.id} was closed, and is written again`;
  return refusedBy(() => assertBeadTransition(was.status, is.status)) ?? outcomeBreach(was, is);
}

/** An attempt or a request ended, or a slot is asked for that no day can pay. */
function outcomeBreach(was: Bead, is: Bead): string | undefined {
  if (!is.outcome || JSON.stringify(is.outcome) === JSON.stringify(was.outcome)) return undefined;
  const isOfWork = ['hooked', 'in_progress', 'submitted'].includes(was.status) || is.outcome.kind === 'escalated';
  return isOfWork && !was.outcome
    ? undefined
    : `${is.id} is ${was.status}, and what became of its work is told again: ${is.outcome.kind}`;
}

/** One write may be several moves: what counts is that the end is the end. */
const requestBreach = (was: MergeRequest, is: MergeRequest): string | undefined =>
  hasEndedRequest(was) && was.state !== is.state
    ? `the request of ${is.bead} went from ${was.state} to ${is.state}`
    : undefined;

function candidateBreach(was: Candidate, is: Candidate): string | undefined {
  if (was.commit !== undefined && was.commit !== is.commit) return `candidate ${is.id} became another commit`;
  if (is.gateRun < was.gateRun) return `candidate ${is.id} went from run ${was.gateRun} of its gates to ${is.gateRun}`;
  if (is.counted && is.state !== 'failed') return `candidate ${is.id} counts as failed, and is ${is.state}`;
  return refusedBy(() => assertCandidateTransition(was.state, is.state));
}

function landingBreach(was: Landing, is: Landing): string | undefined {
  if (was.from !== is.from || was.to !== is.to) return `landing ${is.epoch} became another`;
  return nextLandingStates[was.state].includes(is.state)
    ? undefined
    : `landing ${is.epoch} went from ${was.state} to ${is.state}`;
}

function queueBreach(seen: Seen, { key, was, is }: Changed<Queue>): string | undefined {
  if (!is) return `${key.pk} was deleted`;
  const [before = 0, now] = [was?.body.epoch, is.body.epoch];
  if (now < before || now > before + 1) return `${key.pk} went from epoch ${before} to ${now}`;
  const opened = changed(seen, 'landing').filter((landing) => landing.key.pk === key.pk && !landing.was);
  if (opened.length !== now - before) return `${key.pk} is at epoch ${now}, and ${opened.length} landings were opened`;
  const landing = opened[0]?.is?.body;
  return landing && (landing.epoch !== now || is.body.openLanding !== now || was?.body.openLanding !== undefined)
    ? `landing ${landing.epoch} was opened beside ${was?.body.openLanding}`
    : undefined;
}

const polecatBreach = (was: Polecat, is: Polecat): string | undefined =>
  was.bead === is.bead && was.attempt === is.attempt && was.branch === is.branch
    ? undefined
    : `${is.name} went from ${was.bead}@${was.attempt} to ${is.bead}@${is.attempt} while alive`;

const both = <Body>(
  changes: readonly Changed<Body>[],
  breachOf: (was: Body, is: Body) => string | undefined,
): string | undefined => {
  for (const { was, is } of changes) {
    const breach = was && is && breachOf(was.body, is.body);
    if (breach !== undefined) return breach;
  }
  return undefined;
};

export const onlyLegalTransitions = (): Invariant => ({
  name: 'only legal transitions',
  check(seen) {
    if (seen.changed.length === 0) return undefined;
    for (const change of changed(seen, 'queue')) {
      const breach = queueBreach(seen, change);
      if (breach !== undefined) return breach;
    }
    return (
      both(changed(seen, 'bead'), beadBreach) ??
      both(changed(seen, 'convoy'), (was, is) => refusedBy(() => assertConvoyTransition(was.status, is.status))) ??
      both(changed(seen, 'request'), requestBreach) ??
      both(changed(seen, 'ended'), requestBreach) ??
      both(changed(seen, 'candidate'), candidateBreach) ??
      both(changed(seen, 'landing'), landingBreach) ??
      both(changed(seen, 'polecat'), polecatBreach)
    );
  },
});
