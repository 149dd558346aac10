/** What a merge request's end means for its bead. The Refinery says it with an effect; this decides it, fenced. */
import { groups } from '../keys.ts';
import type { Instant, Item } from '../ports.ts';
import type { Step } from '../step.ts';
import type { Bead, Outcome } from './bead.ts';
import { saveBead } from './save-bead.ts';

/** Nothing if the bead has moved to another attempt, or has heard it already. */
export function settleBead(
  was: Item<Bead>,
  attempt: number,
  outcome: Outcome,
  gateMs: number,
  now: Instant,
): Step | undefined {
  const bead = was.body;
  if (bead.attempt !== attempt) return undefined;
  const spent = { ...bead.spent, gateMs: bead.spent.gateMs + gateMs };
  if (outcome.kind === 'landed') {
    if (bead.status === 'closed') return undefined;
    const closed: Bead = {
      ...bead,
      spent,
      status: 'closed',
      closedReason: 'merged',
      commit: outcome.commit,
      closedAt: now,
    };
    return letGoOn(
      was,
      closed,
      `${bead.id} landed as ${outcome.commit.slice(0, 10)}: ${bead.title}`,
      'bead.closed',
      now,
    );
  }
  if (bead.status !== 'submitted' || bead.outcome) return undefined;
  const text =
    outcome.kind === 'failed' ? `${bead.id} did not land (${outcome.cause}): ${outcome.detail}` : outcome.kind;
  return letGoOn(was, { ...bead, spent, outcome }, text, 'bead.returned', now);
}

function letGoOn(was: Item<Bead>, next: Bead, text: string, kind: string, now: Instant): Step {
  return {
    changes: [saveBead(was, next, now)],
    effects: [
      ...(next.wait ? [{ do: 'succeed_task', token: next.wait.token } as const] : []),
      ...(next.status === 'closed'
        ? [{ do: 'wake', queue: 'convoys', group: groups.convoy(next.convoy) } as const]
        : []),
    ],
    events: [{ kind, who: 'refinery', text, bead: next.id, convoy: next.convoy, rig: next.rig, attempt: next.attempt }],
  };
}
