import { defined } from '../defined.ts';
import { type BeadId, type ConvoyId, keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Change, Instant, Item, Severity } from '../ports.ts';
import type { Cause } from '../runbooks.ts';
import { asJson, type Step, upsert } from '../step.ts';
import { type Escalation, escalationId } from './escalation.ts';
import { type Account, bodyOf, letterOf } from './letter.ts';

export interface Alarm extends Account {
  /** Stable: the same cause is the same escalation, however often it comes up. */
  readonly cause: Cause;
  readonly severity: Severity;
  readonly title: string;
  /** When it began, if that was before now. */
  readonly since?: Instant;
  readonly rig?: string | undefined;
  readonly convoy?: ConvoyId | undefined;
  readonly bead?: BeadId | undefined;
}

const rank: Readonly<Record<Severity, number>> = { low: 0, medium: 1, high: 2, critical: 3 };
const atLeast = (severity: Severity, floor: Severity): boolean => rank[severity] >= rank[floor];

/** Where to read the escalation of a cause before opening it. */
export const escalationKeyOf = (cause: Cause) => keys.escalation(escalationId(cause));

/**
 * Opens an escalation, unless one of the same cause is open and says the same: then nothing is written, so that an
 * alarm that repeats every minute is neither a storm of emails nor of writes. Emails go out from `high` on.
 */
export function openEscalation(was: Item<Escalation> | undefined, alarm: Alarm, now: Instant): Step {
  const open = was && was.body.status !== 'closed' ? was.body : undefined;
  if (open && open.title === alarm.title && !worse(alarm.severity, open.severity)) return { changes: [] };
  const id = escalationId(alarm.cause);
  const escalation: Escalation = defined({
    id,
    cause: alarm.cause,
    severity: open && !worse(alarm.severity, open.severity) ? open.severity : alarm.severity,
    status: open?.status ?? 'open',
    title: alarm.title,
    body: bodyOf(alarm),
    rig: alarm.rig,
    convoy: alarm.convoy,
    bead: alarm.bead,
    openedAt: open?.openedAt ?? now,
    since: open ? open.since : alarm.since,
    acknowledgedBy: open?.acknowledgedBy,
    times: (was?.body.times ?? 0) + 1,
    raises: open?.raises ?? 0,
  });
  const told = atLeast(alarm.severity, 'high');
  return {
    changes: [
      upsert(keys.escalation(id), was, escalation, { attentionAt: now + limits.escalationAckMs }),
      listing(escalation),
    ],
    effects: told
      ? [
          {
            do: 'notify',
            severity: alarm.severity,
            subject: `[gastown] ${alarm.severity}: ${alarm.title}`,
            body: letterOf(escalation, now),
          },
        ]
      : [],
    events: [
      defined({
        kind: 'escalation.opened',
        who: 'town',
        text: `${alarm.severity}: ${alarm.title}`,
        rig: alarm.rig,
        convoy: alarm.convoy,
        bead: alarm.bead,
      }),
    ],
  };
}

const worse = (a: Severity, b: Severity): boolean => rank[a] > rank[b];

/** The open listing carries what a list shows. Written by every change of the escalation, so the last one stands. */
export const listing = (escalation: Escalation): Change => ({
  put: {
    ...keys.openEscalation(escalation.id),
    body: asJson({
      id: escalation.id,
      severity: escalation.severity,
      title: escalation.title,
      status: escalation.status,
      openedAt: escalation.openedAt,
    }),
  },
  expect: { any: true },
});
