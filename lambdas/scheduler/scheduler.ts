/** The scheduler tick of one rig: gives free slots to the head of the line. */
import { spendingOf } from '../../core/convoys/spending.ts';
import { openEscalation } from '../../core/escalations/open.ts';
import { type ConvoyId, parseBeadId, partitions, prefixes } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Ledger, Ports } from '../../core/ports.ts';
import { admit, type Caps, room, type Seen } from '../../core/scheduler/admit.ts';
import {
  breakerAlarm,
  breakerCause,
  breakerOpen,
  type DayBudget,
  noCapacity,
  noFailures,
} from '../../core/scheduler/records.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';

interface TownCaps {
  readonly polecatsPerTown: number;
  readonly dayBudgetUsd: number;
}

export type SchedulerDeps = Pick<Ports, 'ledger' | 'clock' | 'ids' | 'log'> & { readonly caps: TownCaps };

export const makeTick =
  (deps: SchedulerDeps) =>
  async (rig: string): Promise<void> => {
    while (await tickOnce(deps, rig)) {}
  };

/** Returns whether there may be more to admit. */
const tickOnce = (deps: SchedulerDeps, rig: string): Promise<boolean> =>
  runCommand(deps, `scheduler tick of ${rig}`, async (now) => {
    const known = await load.rig(deps.ledger, rig);
    if (!known) return { result: false };
    const { config } = await load.rigConfig(deps.ledger, rig);
    const caps = {
      rig,
      polecatsPerRig: config['polecats.max'],
      convoyBudgetUsd: config['budget.per_convoy_usd'],
      ...deps.caps,
    };
    const seen = await see(deps.ledger, caps, now);
    if (seen.line.length > 0 && breakerOpen(seen.breaker?.body ?? noFailures, now)) {
      const escalation = await load.escalation(deps.ledger, breakerCause);
      return { step: openEscalation(escalation, breakerAlarm, now), result: false };
    }
    const { step, more } = admit(seen, caps, now);
    return { step, result: more && step !== undefined };
  });

/** Of the line only as much as there is room for, and one more to see that there is no room for it. */
async function see(ledger: Ledger, caps: Caps, now: Instant): Promise<Seen> {
  const [estop, breaker, capacity, budget, page] = await Promise.all([
    load.estop(ledger),
    load.breaker(ledger),
    load.capacity(ledger),
    load.budget(ledger, now),
    ledger.query(partitions.rig(caps.rig), { prefix: prefixes.ready, limit: limits.admissionsPerCommitMax + 1 }),
  ]);
  const places = page.items.slice(0, room(capacity?.body ?? noCapacity, caps) + 1);
  const line = await Promise.all(
    places.map(async (place) => {
      const bead = (place.body as { readonly bead: string }).bead;
      return { place, bead: parseBeadId(bead) ? await load.bead(ledger, bead) : undefined };
    }),
  );
  const convoys = caps.convoyBudgetUsd ? await spendingOfConvoys(ledger, line, now) : undefined;
  return { switch: estop, breaker, capacity, budget, line, ...(convoys ? { convoys } : {}) };
}

/** After the capacity was read: who is admitted meanwhile, returns money or calls the Mayor's model changes that, and this commit is refused. */
async function spendingOfConvoys(
  ledger: Ledger,
  line: Seen['line'],
  now: Instant,
): Promise<ReadonlyMap<ConvoyId, DayBudget>> {
  const ids = new Set(line.flatMap(({ bead }) => (bead && bead.body.budgetUsd > 0 ? [bead.body.convoy] : [])));
  return new Map(await Promise.all([...ids].map(async (id) => [id, await spendingOfConvoy(ledger, id, now)] as const)));
}

async function spendingOfConvoy(ledger: Ledger, id: ConvoyId, now: Instant): Promise<DayBudget> {
  const [convoy, beads] = await Promise.all([load.convoy(ledger, id), load.beads(ledger, id)]);
  return spendingOf(
    convoy?.body ?? {},
    beads.map(({ body }) => body),
    now,
  );
}
