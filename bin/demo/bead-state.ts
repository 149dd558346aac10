/** What a bead is doing, in the words of someone who watches. */
import type { BeadView, Snapshot } from './convoy.ts';

export interface BeadState {
  readonly mark: 'waits' | 'works' | 'rests' | 'landed' | 'failed' | 'asks';
  readonly words: string;
}

export function stateOf(bead: BeadView, { convoy, queue, at }: Snapshot): BeadState {
  switch (bead.status) {
    case 'open':
    case 'deferred':
      return waiting(bead, convoy.beads, at);
    case 'hooked':
      return { mark: 'works', words: 'starting' };
    case 'in_progress':
      return { mark: 'works', words: 'working' };
    case 'submitted':
      return { mark: 'works', words: inQueue(queue.open.find((request) => request.bead === bead.id)?.state) };
    case 'closed':
      return { mark: 'landed', words: bead.commit ? `landed ${bead.commit.slice(0, 7)}` : 'closed' };
    case 'escalated':
      return { mark: 'asks', words: 'asks a human' };
    case 'failed':
      return { mark: 'failed', words: `failed: ${causeOf(bead)}` };
    case 'cancelled':
      return { mark: 'failed', words: 'cancelled' };
  }
}

/** A change that the queue is through with, while its bead is not closed yet, has landed a moment ago. */
function inQueue(state: Snapshot['queue']['open'][number]['state'] | undefined): string {
  if (state === undefined) return 'landing';
  return state === 'testing' ? 'at the gates' : 'in the merge queue';
}

function waiting(bead: BeadView, beads: readonly BeadView[], at: number): BeadState {
  if (bead.blockedForGood) return { mark: 'failed', words: 'blocked: what it needs has failed' };
  if (bead.blockedBy.length > 0) {
    const names = bead.blockedBy.map((need) => beads.find(({ id }) => id === need)?.name ?? need);
    return { mark: 'waits', words: `waits for ${names.join(', ')}` };
  }
  if (bead.restUntil !== undefined && bead.restUntil > at)
    return { mark: 'rests', words: `attempt ${bead.attempt} failed, tries again` };
  return { mark: 'waits', words: 'in line' };
}

/** Why its last attempt failed, in a word, and the last line that the agent said. */
export function causeOf(bead: BeadView): string {
  const note = bead.notes.at(-1);
  if (!note) return 'no attempt was made';
  return `${note.cause.replaceAll('_', ' ')}: ${note.detail.trim().split('\n').at(-1) ?? ''}`;
}

/** Since it was ready: what it waited for before that is not its own time. */
export const elapsedMs = (bead: BeadView, at: number): number =>
  bead.readyAt === undefined ? 0 : Math.max(0, (bead.closedAt ?? at) - bead.readyAt);

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
