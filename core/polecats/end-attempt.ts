/**
 * The end of an attempt, however it came: a report, a death found by the Witness, a nuke, a cancellation. Frees the
 * name and the slot, records the outcome, and lets the molecule go on. In one transaction, so that it happens once.
 */
import type { Bead, Outcome } from '../convoys/bead.ts';
import { saveBead } from '../convoys/save-bead.ts';
import { roundedUsd, sumUsd } from '../costs/rounded.ts';
import { groups, keys } from '../keys.ts';
import { billedSeconds } from '../metrics.ts';
import type { Change, Instant, Item } from '../ports.ts';
import { type Capacity, type DayBudget, noCapacity, noSpending, withSlots } from '../scheduler/records.ts';
import { remove, type Step, together, upsert } from '../step.ts';
import type { Polecat } from './polecat.ts';

export interface Shared {
  readonly capacity: Item<Capacity> | undefined;
  /** The budget of the day on which the bead was admitted. Only read where money was reserved or spent. */
  readonly budget: Item<DayBudget> | undefined;
}

export interface Ended {
  readonly outcome: Outcome;
  readonly head?: string | undefined;
  readonly costUsd: number;
  readonly agentMs: number;
  readonly who: string;
}

/** The slot and the reservation go back to the town. Nothing to give back if the bead holds none. */
export function releaseSlot(bead: Bead, shared: Shared, spentUsd: number): { bead: Bead; changes: readonly Change[] } {
  if (bead.admittedAt === undefined) return { bead, changes: [] };
  const { admittedAt, reservedUsd = 0, ...rest } = bead;
  const changes: Change[] = [
    upsert(keys.capacity(), shared.capacity, withSlots(shared.capacity?.body ?? noCapacity, bead.rig, -1)),
  ];
  if (reservedUsd > 0 || spentUsd > 0) {
    const was = shared.budget?.body ?? noSpending;
    const budget = {
      reservedUsd: Math.max(0, roundedUsd(was.reservedUsd - reservedUsd)),
      spentUsd: sumUsd([was.spentUsd, spentUsd]),
    };
    changes.push(upsert(keys.budget(admittedAt), shared.budget, budget));
  }
  return { bead: rest, changes };
}

export function endAttempt(
  was: Item<Bead>,
  polecat: Item<Polecat> | undefined,
  shared: Shared,
  ended: Ended,
  now: Instant,
): Step {
  const released = releaseSlot(was.body, shared, ended.costUsd);
  const { spent } = was.body;
  const bead: Bead = {
    ...released.bead,
    outcome: ended.outcome,
    costUsd: sumUsd([was.body.costUsd, ended.costUsd]),
    spent: { ...spent, agentMs: spent.agentMs + ended.agentMs },
    ...(ended.head === undefined ? {} : { head: ended.head }),
  };
  return together(freePolecat(polecat), {
    changes: [saveBead(was, bead, now), ...released.changes],
    effects: [
      ...(bead.wait ? [{ do: 'succeed_task', token: bead.wait.token } as const] : []),
      { do: 'wake', queue: 'ticks', group: groups.scheduler(bead.rig) },
    ],
    events: [
      {
        kind: `attempt.${ended.outcome.kind}`,
        who: ended.who,
        text: `${bead.id} attempt ${bead.attempt}: ${describe(ended.outcome)}`,
        bead: bead.id,
        convoy: bead.convoy,
        rig: bead.rig,
        attempt: bead.attempt,
        measured: { ModelUsd: ended.costUsd, TaskSeconds: billedSeconds(polecat?.body.hookedAt ?? now, now) },
      },
    ],
  });
}

/** The name is free again. The last beat stays until the next bearer of the name overwrites it. */
export function freePolecat(polecat: Item<Polecat> | undefined): Step {
  if (!polecat) return { changes: [] };
  return {
    changes: [remove(polecat), { delete: keys.polecatListing(polecat.body.name), expect: { any: true } }],
  };
}

function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'completed':
      return `finished at ${outcome.head.slice(0, 10)}`;
    case 'failed':
      return `failed (${outcome.cause}): ${outcome.detail}`;
    case 'escalated':
      return `asks: ${outcome.question}`;
    case 'landed':
      return `landed as ${outcome.commit.slice(0, 10)}`;
    default:
      return `${outcome.kind}: ${outcome.note}`;
  }
}
