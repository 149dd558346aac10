/** A human sends a bead on: after a failure, out of a rest, or with an answer to its question. */
import { groups } from '../keys.ts';
import { opened } from '../molecules/gate.ts';
import type { Instant, Item } from '../ports.ts';
import type { Step } from '../step.ts';
import type { Bead } from './bead.ts';
import { saveBead } from './save-bead.ts';

/**
 * A failed bead starts its ladder anew, in a new execution (the old one has ended). One that was never ready has none:
 * its convoy says when its needs are merged.
 */
export function reopenFailed(was: Item<Bead>, by: string, now: Instant): Step {
  const { wait: _wait, restUntil: _rest, outcome: _outcome, closedAt: _closed, ...bead } = was.body;
  const started = bead.run > 0;
  const run = started ? bead.run + 1 : 0;
  const reopened: Bead = { ...bead, status: 'open', failures: 0, respawns: 0, infraDeaths: 0, run };
  return {
    changes: [saveBead(was, reopened, now)],
    effects: [
      ...(started ? [{ do: 'start_molecule', bead: bead.id, run } as const] : []),
      { do: 'wake', queue: 'ticks', group: groups.convoy(bead.convoy) },
    ],
    events: [about(bead, by, `${by} sent ${bead.id} round again`)],
  };
}

/** A bead that rests, or whose question needs no answer, goes now; its execution wakes and puts it in line. */
export function wakeNow(was: Item<Bead>, by: string, now: Instant): Step {
  const { restUntil: _, ...bead } = was.body;
  return {
    changes: [saveBead(was, { ...opened(bead, `${by} sent it on`, now), status: 'open' }, now)],
    effects: [
      ...(bead.wait ? [{ do: 'succeed_task', token: bead.wait.token } as const] : []),
      { do: 'wake', queue: 'ticks', group: groups.convoy(bead.convoy) },
    ],
    events: [about(bead, by, `${by} slung ${bead.id} at once`)],
  };
}

/** The answer goes to the bead's next attempt. */
export function answer(was: Item<Bead>, text: string, by: string, now: Instant): Step {
  const bead = was.body;
  return {
    changes: [saveBead(was, { ...opened(bead, `${by} answered: ${text}`, now), status: 'open', answer: text }, now)],
    effects: [
      ...(bead.wait ? [{ do: 'succeed_task', token: bead.wait.token } as const] : []),
      { do: 'wake', queue: 'ticks', group: groups.convoy(bead.convoy) },
    ],
    events: [about(bead, by, `${by} answered ${bead.id}: ${text}`)],
  };
}

const about = (bead: Bead, by: string, text: string) => ({
  kind: 'bead.reopened',
  who: by,
  text,
  bead: bead.id,
  convoy: bead.convoy,
  rig: bead.rig,
});
