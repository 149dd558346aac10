/**
 * Where the time of each bead went. Overhead is what the town itself took:
 *
 *     (ready → closed) − agent − backoff − gates
 *
 * agent    its agents' commands, over all attempts, as the harness timed them
 * backoff  the rests before its retries
 * gates    while it was in the merge queue, the time in which any gate command of that queue ran: its own, and those of
 *          the changes before it. Never less than its own gates over all attempts.
 *
 * So overhead holds everything else: waiting for a slot, starting a polecat, clone, commit, push, building the
 * candidate, checking it out, and landing it. A gate run's commands are placed at the end of the candidate's run,
 * because its checkout comes first.
 */
import { partitions, prefixes } from '../../core/keys.ts';
import type { Ledger } from '../../core/ports.ts';
import type { Candidate } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { historyOf } from '../../lambdas/feed/records.ts';
import type { BeadView, ConvoyView } from './convoy.ts';

export interface BeadFigures {
  readonly bead: BeadView;
  readonly lifeMs: number;
  readonly agentMs: number;
  readonly gateMs: number;
  readonly backoffMs: number;
  readonly overheadMs: number;
}

type Interval = readonly [from: number, to: number];

export async function figuresOf(ledger: Ledger, convoy: ConvoyView): Promise<BeadFigures[]> {
  const target = convoy.beads[0]?.target;
  const runs = target === undefined ? [] : merged(await gateRuns(ledger, convoy.rig, target));
  return convoy.beads
    .filter(({ closedAt, readyAt }) => closedAt !== undefined && readyAt !== undefined)
    .map((bead) => {
      const { readyAt = 0, submittedAt = 0, closedAt = 0 } = bead;
      const lifeMs = closedAt - readyAt;
      const { agentMs, backoffMs } = bead.spent;
      const gateMs = Math.max(bead.spent.gateMs, within(runs, [submittedAt, closedAt]));
      return {
        bead,
        lifeMs,
        agentMs,
        gateMs,
        backoffMs,
        overheadMs: Math.max(0, lifeMs - agentMs - gateMs - backoffMs),
      };
    });
}

/** From the submission of the intent until the first polecat had its work: with planning, launch and start. */
export async function firstWorkingMs(ledger: Ledger, { createdAt, beads }: ConvoyView): Promise<number | undefined> {
  const histories = await Promise.all(beads.map(({ id }) => historyOf(ledger, id)));
  const claims = histories.flat().filter(({ kind }) => kind === 'bead.claimed');
  return claims.length === 0 ? undefined : Math.min(...claims.map(({ at }) => at)) - createdAt;
}

async function gateRuns(ledger: Ledger, rig: string, target: string): Promise<Interval[]> {
  const runs: Interval[] = [];
  let after: string | undefined;
  do {
    const page = await ledger.query(partitions.queue(rig, target), {
      prefix: prefixes.candidates,
      ...(after === undefined ? {} : { after }),
    });
    for (const item of page.items) {
      const { gateMs, passedAt, startedAt } = recordOf<Candidate>(item)?.body ?? { gateMs: 0 };
      if (passedAt !== undefined) runs.push([passedAt - gateMs, passedAt]);
      else if (startedAt !== undefined) runs.push([startedAt, startedAt + gateMs]);
    }
    after = page.next;
  } while (after !== undefined);
  return runs;
}

/** Runs that overlap count once. */
function merged(runs: readonly Interval[]): Interval[] {
  const union: Interval[] = [];
  for (const [from, to] of [...runs].sort((a, b) => a[0] - b[0])) {
    const last = union.at(-1);
    if (last && from <= last[1]) union[union.length - 1] = [last[0], Math.max(last[1], to)];
    else union.push([from, to]);
  }
  return union;
}

const within = (runs: readonly Interval[], [from, to]: Interval): number =>
  runs.reduce((sum, run) => sum + Math.max(0, Math.min(run[1], to) - Math.max(run[0], from)), 0);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
