/** What a merge request's end means for its bead. The Refinery says it with an effect; this decides it, fenced. */
import { groups } from '../keys.ts';
import { withoutCase } from '../molecules/triage.ts';
import { releaseSlot, type Shared } from '../polecats/end-attempt.ts';
import type { Change, Instant, Item, Oid } from '../ports.ts';
import { leaveLine } from '../scheduler/line.ts';
import type { Step } from '../step.ts';
import type { Bead, Outcome } from './bead.ts';
import { saveBead } from './save-bead.ts';

export interface Settlement {
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly gateMs?: number;
}

/**
 * The commit, if an earlier attempt has landed: its push was given up, the bead went round again, and then it arrived.
 * What is on the target counts, whatever the bead does meanwhile.
 */
export const landsLate = ({ status, attempt }: Bead, settled: Settlement): Oid | undefined =>
  settled.outcome.kind === 'landed' && settled.attempt < attempt && status !== 'closed'
    ? settled.outcome.commit
    : undefined;

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
    const { outcome: _, ...rest } = withoutCase(left.bead);
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
  if (outcome.kind === 'failed' && outcome.cause === 'red_main') return absolve(was, outcome, now);
  if (bead.status !== 'submitted' || bead.outcome) return undefined;
  const text =
    outcome.kind === 'failed' ? `${bead.id} did not land (${outcome.cause}): ${outcome.detail}` : outcome.kind;
  return letGoOn(was, { ...bead, spent, outcome }, text, 'bead.returned', now);
}

/**
 * What this attempt was rejected for was the target's own fault. The rung that it cost is given back, and the next
 * attempt starts from what was pushed; nothing if it was not rejected, or this was heard before. The rejection may not
 * have been heard yet: then it is not heard any more.
 */
function absolve(
  was: Item<Bead>,
  outcome: Extract<Outcome, { kind: 'failed'; cause: unknown }>,
  now: Instant,
): Step | undefined {
  const bead = was.body;
  const text = `${bead.id} was rejected wrongly: ${outcome.detail}`;
  if (bead.status === 'submitted') {
    const open = !bead.outcome || (bead.outcome.kind === 'failed' && bead.outcome.cause === 'gate_failed');
    return open ? letGoOn(was, { ...bead, outcome }, text, 'bead.restored', now) : undefined;
  }
  const note = bead.notes.at(-1);
  const blamed = note?.attempt === bead.attempt && note.cause === 'gate_failed';
  if (!note || !blamed || isJudged(bead) || (bead.status !== 'open' && bead.status !== 'failed')) return undefined;
  const { restUntil: _rest, closedAt: _closed, ...rest } = notBeforeMayor(bead);
  const restored: Bead = {
    ...rest,
    status: 'open',
    failures: Math.max(0, bead.failures - 1),
    ...(note.head === undefined ? {} : { head: note.head }),
    notes: [...bead.notes.slice(0, -1), { ...note, cause: outcome.cause, detail: outcome.detail }],
  };
  const given = bead.status === 'failed';
  const run = given ? bead.run + 1 : bead.run;
  const step = letGoOn(was, { ...restored, run }, text, 'bead.restored', now);
  // In line or at work already, it waits for something else; and the execution of one that was given up has ended.
  const rests = bead.status === 'open' && bead.restUntil !== undefined;
  const woken = (step.effects ?? []).filter((effect) => rests || effect.do !== 'succeed_task');
  return { ...step, effects: [...woken, ...(given ? [{ do: 'start_molecule', bead: bead.id, run } as const] : [])] };
}

/** The Mayor has read that rejection, and the bead asks for something else since. */
const isJudged = ({ attempt, createdAt, triage }: Bead): boolean =>
  (triage?.decisions ?? []).some(
    (made) => made.at > createdAt && made.attempt === attempt && made.verdict !== 'give_up',
  );

/** Its ladder is not at its end: that case should not have come up. */
const notBeforeMayor = (bead: Bead): Bead =>
  bead.triage?.open ? withoutCase({ ...bead, triage: { ...bead.triage, count: bead.triage.count - 1 } }) : bead;

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
