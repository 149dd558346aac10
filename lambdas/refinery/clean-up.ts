import { RepoRefused } from '../../core/errors.ts';
import { branchOf } from '../../core/polecats/polecat.ts';
import type { Instant, Item } from '../../core/ports.ts';
import { forget, retire } from '../../core/refinery/candidates.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { activeCandidates, openRequests, type QueueView, queueOf } from '../../core/refinery/view.ts';
import { load } from '../platform/load.ts';
import { commit, type Done, type Tick, targetRef } from './tick.ts';

const polecatPrefix = 'refs/heads/polecat/';

/** Refs of candidates that have ended, and branches whose change has landed, in one push; then their records. */
export async function cleanUp(
  tick: Tick,
  view: QueueView,
  ended: readonly Item<Candidate>[],
  now: Instant,
): Promise<Done> {
  const landed = ended.filter(({ body }) => body.state === 'landed').map(({ body }) => body);
  const earlier = await Promise.all(landed.map((candidate) => earlierBranchesOf(tick, candidate)));
  const refs = [...ended.map(({ body }) => body.ref), ...landed.flatMap(branchesOf), ...earlier.flat()];
  await deleteRefs(tick, view, [...new Set(refs)]);
  const open = openRequests(view).length + activeCandidates(view).length + (queueOf(view, now).givenUp?.length ?? 0);
  const last = open === 0 && ended.length === view.candidates.length;
  return commit(forget(view, ended, last, now));
}

/** The branch of a convoy that is over: all of it is on its target, or nobody wants it any more. */
export async function retireQueue(tick: Tick, view: QueueView, now: Instant): Promise<Done> {
  await deleteRefs(tick, view, [targetRef(view)]);
  return commit(retire(view, now));
}

/** A remote that forbids deletions keeps the refs; the queue does not stand still for them. */
async function deleteRefs({ deps: { repo, log } }: Tick, view: QueueView, refs: readonly string[]): Promise<void> {
  try {
    await repo.deleteRefs(view.remote, refs);
  } catch (error) {
    if (!(error instanceof RepoRefused)) throw error;
    log('warn', 'refs that nobody needs were left', { rig: view.rig, refs: refs.length, error: error.message });
  }
}

/** What earlier attempts pushed was kept for the next ones; the change has landed, so nobody starts from it any more. */
async function earlierBranchesOf({ deps }: Tick, candidate: Candidate): Promise<readonly string[]> {
  const beads = await Promise.all(candidate.members.map(({ bead }) => load.bead(deps.ledger, bead)));
  return beads.flatMap((bead) =>
    (bead?.body.notes ?? [])
      .filter((note) => note.polecat !== '')
      .map((note) => `refs/heads/${branchOf(note.polecat, bead?.body.id ?? '', note.attempt)}`),
  );
}

const branchesOf = (candidate: Candidate): readonly string[] =>
  candidate.members.flatMap(({ branch }) => {
    const ref = `refs/heads/${branch ?? ''}`;
    return ref.startsWith(polecatPrefix) ? [ref] : [];
  });
