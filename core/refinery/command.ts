/** What a human may do to a queue. Each replaces META as it was read, so it and a tick never both win. */

import { refuse } from '../errors.ts';
import { groups } from '../keys.ts';
import type { Instant, Item } from '../ports.ts';
import { type Step, together } from '../step.ts';
import { returnToBead } from './candidates.ts';
import { withdrawn } from './planner/board.ts';
import type { MergeRequest } from './records.ts';
import { activeCandidates, boardOf, dropCandidate, type QueueView, queueOf, saveQueue, saveRequest } from './view.ts';

const wake = (view: QueueView) =>
  ({ do: 'wake', queue: 'refinery', group: groups.refinery(view.rig, view.target) }) as const;

/** Nothing new is tested or landed until it is resumed; a landing under way is still brought to its end. */
export function pause(view: QueueView, by: string, because: string, now: Instant): Step {
  return {
    changes: [saveQueue(view, { paused: { by, because, at: now } }, now)],
    events: [{ kind: 'queue.paused', who: by, text: `${view.rig} ${view.target}: ${because}`, rig: view.rig }],
  };
}

/** Lands again, and at once: every rest ends too. Resuming what is not paused only wakes it. */
export function resume(view: QueueView, by: string, now: Instant): Step {
  const { paused } = queueOf(view, now);
  return {
    changes: [saveQueue(view, { paused: undefined, restUntil: undefined, trouble: undefined, foreignPushes: 0 }, now)],
    effects: [wake(view)],
    events: paused
      ? [
          {
            kind: 'queue.resumed',
            who: by,
            text: `${view.rig} ${view.target}: was paused, ${paused.because}`,
            rig: view.rig,
          },
        ]
      : [],
  };
}

/** No longer behind for its failures, no rest before its turn, and, if it waits for a human's word, this is it. */
export function retry(view: QueueView, was: Item<MergeRequest>, by: string, now: Instant): Step {
  return {
    changes: [
      saveQueue(view, { restUntil: undefined }, now),
      saveRequest(was, [], {
        retries: 0,
        ...(was.body.held ? { held: false } : {}),
        because: was.body.state === 'queued' ? `put forward by ${by}` : was.body.because,
      }),
    ],
    effects: [wake(view)],
  };
}

/** Out of the queue, with the reason for its bead; whoever was tested with it returns to the line. */
export function rejectByHand(
  view: QueueView,
  was: Item<MergeRequest>,
  by: string,
  because: string,
  now: Instant,
): Step {
  const landing = view.landings.some(
    (item) => item.body.state !== 'given_up' && item.body.members.some((member) => member.seq === was.body.seq),
  );
  if (landing) {
    throw refuse(
      409,
      'MERGE_REQUEST_LANDING',
      `${was.body.bead} is being landed this very moment.`,
      'Look again in a minute: it is on the target, or back in line.',
    );
  }
  const { seq } = was.body;
  const detail = `rejected by ${by}: ${because}`;
  const tested = activeCandidates(view).filter(({ body }) => body.members.some((member) => member.seq === seq));
  return together(
    { changes: [saveQueue(view, { board: withdrawn(boardOf(view), [seq]) }, now)], effects: [wake(view)] },
    ...tested.map((candidate) => dropCandidate(candidate, detail)),
    returnToBead(view, was, { states: ['rejected'], cause: 'gate_failed', detail }, now),
  );
}
