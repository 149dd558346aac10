/** Something outside went wrong, and nobody's change is to blame: rest, longer each time, and tell a human in the end. */
import { groups } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Instant } from '../ports.ts';
import { causeOf, type QueueView, queueOf, saveQueue, type Turn } from './view.ts';

export function rememberTrouble(view: QueueView, text: string, now: Instant): Turn {
  const times = (queueOf(view, now).trouble?.times ?? 0) + 1;
  const restUntil = now + Math.min(limits.refineryRestMs * 2 ** (times - 1), limits.refineryRestMaxMs);
  const said = text.slice(0, 1000);
  return {
    step: { changes: [saveQueue(view, { trouble: { text: said, times, at: now }, restUntil }, now, restUntil)] },
    alarms:
      times >= limits.refineryTroublesMax
        ? [
            {
              cause: causeOf(view, 'trouble'),
              severity: 'high',
              title: `The Refinery of ${view.rig} ${view.target} cannot work`,
              what: `${times} times in a row: ${said}`,
              tried: 'the same again, after a longer and longer rest. No change was blamed.',
              unattended: `it is tried every ${limits.refineryRestMaxMs / 60_000} minutes, and nothing lands until it works.`,
              command: `gt mq resume ${view.rig}`,
              rig: view.rig,
            },
          ]
        : [],
  };
}

/** There is more to do than this tick has time for. */
export const goOnLater = (view: QueueView, now: Instant): Turn => ({
  step: {
    changes: [saveQueue(view, {}, now)],
    effects: [{ do: 'wake', queue: 'refinery', group: groups.refinery(view.rig, view.target) }],
  },
});

/** Nothing, if the record says already when to look again. */
export function restUntil(view: QueueView, until: Instant | undefined, now: Instant): Turn | undefined {
  const at = view.meta?.attentionAt;
  if (until === undefined)
    return at === undefined ? undefined : { step: { changes: [saveQueue(view, {}, now, 'none')] } };
  const inTime = at !== undefined && at > now && at <= until;
  return inTime ? undefined : { step: { changes: [saveQueue(view, {}, now, until)] } };
}
