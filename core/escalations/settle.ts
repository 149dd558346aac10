/** What a human does with an escalation: acknowledge it, answer it, close it. */
import { refuse } from '../errors.ts';
import { keys } from '../keys.ts';
import type { Change, Instant, Item } from '../ports.ts';
import { replace, type Step, together } from '../step.ts';
import { closeEscalation } from './close.ts';
import type { Escalation } from './escalation.ts';
import { listing } from './open.ts';

/** Someone has seen it: it is not raised again. Acknowledging twice keeps the first name. */
export function acknowledge(was: Item<Escalation>, by: string): Step | undefined {
  if (was.body.status === 'closed') throw alreadyClosed(was.body);
  if (was.body.status === 'acknowledged') return undefined;
  const next: Escalation = { ...was.body, status: 'acknowledged', acknowledgedBy: by };
  return { changes: [replace(was, next), listing(next)], events: [told(next, 'acknowledged', by)] };
}

/** Closing again changes nothing. The same cause may open it anew. */
export function close(was: Item<Escalation>, by: string, now: Instant): Step | undefined {
  if (was.body.status === 'closed') return undefined;
  return together(closeEscalation(was, by, now), { changes: [], events: [told(was.body, 'closed', by)] });
}

/** The answer reached its bead, which closes the escalation: what was said stays on record. */
export function recordAnswer(was: Item<Escalation>, text: string, by: string, now: Instant): Step | undefined {
  if (was.body.answer === text) return undefined;
  const answered: Escalation = {
    ...was.body,
    answer: text,
    status: 'closed',
    closedBy: by,
    closedAt: was.body.closedAt ?? now,
  };
  return { changes: [replace(was, answered), unlist(answered)], events: [told(answered, 'answered', by)] };
}

/** An escalation that asks something: only a bead can do something with an answer. */
export function questionOf(escalation: Escalation): string {
  if (escalation.status === 'closed') throw alreadyClosed(escalation);
  if (escalation.bead !== undefined) return escalation.bead;
  throw refuse(
    409,
    'ESCALATION_NO_QUESTION',
    `Escalation ${escalation.id} is an alarm about ${escalation.cause}: no bead waits for an answer.`,
    `Do what it says, then close it: gt escalations close ${escalation.id}.`,
  );
}

const alreadyClosed = (escalation: Escalation) =>
  refuse(
    409,
    'ESCALATION_CLOSED',
    `Escalation ${escalation.id} was closed by ${escalation.closedBy ?? 'the town'}.`,
    'There is nothing left to do for it.',
  );

const unlist = (escalation: Escalation): Change => ({
  delete: keys.openEscalation(escalation.id),
  expect: { any: true },
});

const told = (escalation: Escalation, what: string, by: string) => ({
  kind: `escalation.${what}`,
  who: by,
  text: `${escalation.title}: ${what} by ${by}`,
  ...(escalation.rig === undefined ? {} : { rig: escalation.rig }),
  ...(escalation.convoy === undefined ? {} : { convoy: escalation.convoy }),
  ...(escalation.bead === undefined ? {} : { bead: escalation.bead }),
});
