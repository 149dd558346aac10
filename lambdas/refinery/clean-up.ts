import { RepoRefused } from '../../core/errors.ts';
import type { Instant, Item } from '../../core/ports.ts';
import { forget } from '../../core/refinery/candidates.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { activeCandidates, openRequests, type QueueView, queueOf } from '../../core/refinery/view.ts';
import { commit, type Done, type Tick } from './tick.ts';

const polecatPrefix = 'refs/heads/polecat/';

/** Refs of candidates that have ended, and branches whose change has landed, in one push; then their records. */
export async function cleanUp(
  tick: Tick,
  view: QueueView,
  ended: readonly Item<Candidate>[],
  now: Instant,
): Promise<Done> {
  const refs = ended.flatMap(({ body }) => [body.ref, ...(body.state === 'landed' ? branchesOf(body) : [])]);
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

const branchesOf = (candidate: Candidate): readonly string[] =>
  candidate.members.flatMap(({ branch }) => {
    const ref = `refs/heads/${branch ?? ''}`;
    return ref.startsWith(polecatPrefix) ? [ref] : [];
  });
