import { defined } from '../defined.ts';
import type { Escalation } from '../escalations/escalation.ts';
import { letterOf } from '../escalations/letter.ts';
import { listing } from '../escalations/open.ts';
import { limits } from '../limits.ts';
import type { Instant, Item, Severity } from '../ports.ts';
import { replace, type Step } from '../step.ts';

const worse: Readonly<Record<Severity, Severity>> = {
  low: 'medium',
  medium: 'high',
  high: 'critical',
  critical: 'critical',
};

/** Nobody acknowledged it in time: one severity up, told again, at most twice. */
export function raiseUnacknowledged(was: Item<Escalation>, now: Instant): Step {
  const { body: escalation } = was;
  if (escalation.status !== 'open' || escalation.raises >= limits.escalationRaisesMax)
    return { changes: [replace(was, escalation)] };
  const raised: Escalation = defined({
    ...escalation,
    severity: worse[escalation.severity],
    raises: escalation.raises + 1,
  });
  return {
    changes: [replace(was, raised, { attentionAt: now + limits.escalationAckMs }), listing(raised)],
    effects: [
      {
        do: 'notify',
        severity: raised.severity,
        subject: `[gastown] still open, now ${raised.severity}: ${raised.title}`,
        body: letterOf(raised, now, 'Still open: nobody has acknowledged it.'),
      },
    ],
    events: [
      defined({
        kind: 'escalation.raised',
        who: 'witness',
        text: `now ${raised.severity}: ${raised.title}`,
        rig: raised.rig,
        convoy: raised.convoy,
        bead: raised.bead,
      }),
    ],
  };
}
