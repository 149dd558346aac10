/** What a merge request's end means for its bead. The Refinery says it with an effect; this decides it, fenced. */
import { groups } from '../keys.ts';
import { releaseSlot, type Shared } from '../polecats/end-attempt.ts';
import type { Change, Instant, Item } from '../ports.ts';
import { leaveLine } from '../scheduler/line.ts';
import type { Step } from '../step.ts';
import type { Bead, Outcome } from './bead.ts';
import { saveBead } from './save-bead.ts';

export interface Settlement {
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly gateMs?: number;
}

/** Nothing if the bead has moved to another attempt, or has heard it already. */
export function settleBead(
  was: Item<Bead>,
  { attempt, outcome, gateMs = 0 }: Settlement,
  shared: Shared,
  now: Instant,
): Step | undefined {
  const bead = was.body;
  if (bead.attempt !== attempt) return undefined;
  const spent = { ...bead.spent, gateMs: bead.spent.gateMs + gateMs };
  if (outcome.kind === 'landed') {
    if (bead.status === 'closed') return undefined;
    // It may stand in line, or hold a slot, for an attempt that is not needed any more: a push that was given up arrived.
    const released = releaseSlot(was.body, shared, 0);
    const left = leaveLine(released.bead);
    const { outcome: _, ...rest } = left.bead;
    const closed: Bead = {
      ...rest,
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
      [...released.changes, ...left.changes],
    );
  }
  if (bead.status !== 'submitted' || bead.outcome) return undefined;
  const text =
    outcome.kind === 'failed' ? `${bead.id} did not land (${outcome.cause}): ${outcome.detail}` : outcome.kind;
  return letGoOn(was, { ...bead, spent, outcome }, text, 'bead.returned', now);
}

function letGoOn(
  was: Item<Bead>,
  next: Bead,
  text: string,
  kind: string,
  now: Instant,
  given: readonly Change[] = [],
): Step {
  return {
    changes: [saveBead(was, next, now), ...given],
    effects: [
      ...(next.wait ? [{ do: 'succeed_task', token: next.wait.token } as const] : []),
      // Whatever the end was: a conflict bead that worked for it is not needed any more.
      { do: 'wake', queue: 'ticks', group: groups.convoy(next.convoy) },
      ...(given.length > 0 ? [{ do: 'wake', queue: 'ticks', group: groups.scheduler(next.rig) } as const] : []),
    ],
    events: [{ kind, who: 'refinery', text, bead: next.id, convoy: next.convoy, rig: next.rig, attempt: next.attempt }],
  };
}
