import { RepoRefused } from '../../core/errors.ts';
import { branchOf } from '../../core/polecats/polecat.ts';
import type { Instant, Item } from '../../core/ports.ts';
import { forget } from '../../core/refinery/candidates.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { activeCandidates, openRequests, type QueueView, queueOf } from '../../core/refinery/view.ts';
import { load } from '../platform/load.ts';
import { commit, type Done, type Tick } from './tick.ts';

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
  try {
    await tick.deps.repo.deleteRefs(view.remote, [...new Set(refs)]);
  } catch (error) {
    // A remote that forbids deletions keeps the refs; the queue does not stand still for them.
    if (!(error instanceof RepoRefused)) throw error;
    tick.deps.log('warn', 'refs of ended candidates were left', {
      rig: view.rig,
      refs: refs.length,
      error: error.message,
    });
  }
  const open = openRequests(view).length + activeCandidates(view).length + (queueOf(view, now).givenUp?.length ?? 0);
  const last = open === 0 && ended.length === view.candidates.length;
  return commit(forget(view, ended, last, now));
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
