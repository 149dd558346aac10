/** Ends beads that nobody wants any more: their polecats are stopped, their slots freed, their requests withdrawn. */
import { sumUsd } from '../costs/rounded.ts';
import { closeEscalation } from '../escalations/close.ts';
import type { Escalation } from '../escalations/escalation.ts';
import { type BeadId, groups } from '../keys.ts';
import { limits } from '../limits.ts';
import { withoutCase } from '../molecules/triage.ts';
import { freePolecat, releaseSlot, type Shared } from '../polecats/end-attempt.ts';
import { type Beat, type Polecat, spentByLast } from '../polecats/polecat.ts';
import type { Instant, Item, Oid } from '../ports.ts';
import { type MergeRequest, nextMergeRequestStates } from '../refinery/records.ts';
import { leaveLine } from '../scheduler/line.ts';
import { guard, replace, type Step, together } from '../step.ts';
import { type Bead, type ClosedReason, hasEnded } from './bead.ts';
import { wakeForResolver } from './resolvers.ts';
import { saveBead } from './save-bead.ts';

/** What hangs on a bead besides its own record. */
export interface Holding {
  readonly polecat: Item<Polecat> | undefined;
  /** The polecat's last: what it has spent is booked, and no other may come in between. */
  readonly beat?: Item<Beat> | undefined;
  readonly mergeRequest: Item<MergeRequest> | undefined;
  /** Of its own cause: what it asks a human. */
  readonly escalation?: Item<Escalation> | undefined;
}

export interface Holdings extends Shared {
  readonly of: ReadonlyMap<BeadId, Holding>;
}

export type Ending =
  | { readonly status: 'cancelled' | 'failed' }
  | { readonly status: 'closed'; readonly reason: Extract<ClosedReason, 'superseded'> }
  | { readonly status: 'closed'; readonly reason: Extract<ClosedReason, 'merged'>; readonly commit: Oid };

/** The next few of the beads that have not ended; at most one of them may hold a slot, because slots share an item. */
export function cancelBeads(
  beads: readonly Item<Bead>[],
  holdings: Holdings,
  because: string,
  now: Instant,
): { step: Step | undefined; more: boolean } {
  const left = beads.filter((bead) => !hasEnded(bead.body));
  const chunk: Item<Bead>[] = [];
  for (const bead of left) {
    const slots = chunk.filter((other) => other.body.admittedAt !== undefined).length;
    if (chunk.length >= limits.beadsPerConvoyCommitMax || (slots > 0 && bead.body.admittedAt !== undefined)) break;
    chunk.push(bead);
  }
  if (chunk.length === 0) return { step: undefined, more: false };
  return {
    step: together(
      ...chunk.map((bead) => endBead(bead, holdings, { status: 'cancelled' }, 'town', because, now)),
      // What it asked needs no answer.
      ...chunk.map(({ body }) => closeEscalation(holdings.of.get(body.id)?.escalation, 'town', now)),
    ),
    more: left.length > chunk.length,
  };
}

/** Ends one bead by decree, whatever it was doing. */
export function endBead(
  was: Item<Bead>,
  holdings: Holdings,
  ending: Ending,
  who: string,
  because: string,
  now: Instant,
): Step {
  const holding = holdings.of.get(was.body.id);
  const beat = holding?.beat;
  const spentUsd = spentByLast(beat?.body);
  const released = releaseSlot(was.body, holdings, spentUsd);
  const { bead, changes } = leaveLine(released.bead);
  const { outcome: _, ...settled } = withoutCase(bead);
  const ended: Bead = {
    ...settled,
    status: ending.status,
    costUsd: sumUsd([bead.costUsd, spentUsd]),
    ...(ending.status === 'closed' ? { closedReason: ending.reason } : {}),
    ...('commit' in ending ? { commit: ending.commit } : {}),
    closedAt: now,
  };
  const taskId = holding?.polecat?.body.taskId;
  return together(freePolecat(holding?.polecat), withdraw(holding?.mergeRequest, bead, because, now), {
    changes: [saveBead(was, ended, now), ...released.changes, ...changes, ...(beat ? [guard(beat, beat)] : [])],
    effects: [
      ...(bead.wait ? [{ do: 'succeed_task', token: bead.wait.token } as const] : []),
      ...(taskId ? [{ do: 'stop_task', taskId, reason: because } as const] : []),
      ...(released.changes.length > 0
        ? [{ do: 'wake', queue: 'ticks', group: groups.scheduler(bead.rig) } as const]
        : []),
      { do: 'wake', queue: 'ticks', group: groups.convoy(bead.convoy) } as const,
      ...wakeForResolver(bead),
    ],
    events: [
      {
        kind: `bead.${ending.status}`,
        who,
        text: `${bead.id} ${ending.status}: ${because}`,
        bead: bead.id,
        convoy: bead.convoy,
        rig: bead.rig,
      },
    ],
  });
}

/** A merge request that has not ended leaves the queue; its Refinery drops what it was building with it. */
function withdraw(was: Item<MergeRequest> | undefined, bead: Bead, because: string, now: Instant): Step | undefined {
  if (!was || !nextMergeRequestStates[was.body.state].includes('withdrawn')) return undefined;
  const withdrawn: MergeRequest = { ...was.body, state: 'withdrawn', because, endedAt: now };
  return {
    changes: [replace(was, withdrawn)],
    effects: [{ do: 'wake', queue: 'refinery', group: groups.refinery(bead.rig, bead.target) }],
  };
}
