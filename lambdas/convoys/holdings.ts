import type { Bead } from '../../core/convoys/bead.ts';
import { hasEnded } from '../../core/convoys/bead.ts';
import type { Holding, Holdings } from '../../core/convoys/cancel.ts';
import { keys } from '../../core/keys.ts';
import { beadCause } from '../../core/molecules/before-a-human.ts';
import type { Item, Ledger } from '../../core/ports.ts';
import type { MergeRequest } from '../../core/refinery/records.ts';
import { recordOf } from '../../core/step.ts';
import { load } from '../platform/load.ts';

/** What hangs on these beads: polecats at work on them, merge requests of theirs, and the slots of the town. */
export async function loadHoldings(ledger: Ledger, beads: readonly Item<Bead>[]): Promise<Holdings> {
  const live = beads.filter((bead) => !hasEnded(bead.body));
  const holdings = await Promise.all(live.map(async ({ body }) => [body.id, await holdingOf(ledger, body)] as const));
  const admittedAt = live.find((bead) => bead.body.admittedAt !== undefined)?.body.admittedAt;
  return {
    of: new Map(holdings),
    capacity: await load.capacity(ledger),
    budget: admittedAt === undefined ? undefined : await load.budget(ledger, admittedAt),
  };
}

async function holdingOf(ledger: Ledger, bead: Bead): Promise<Holding> {
  const working = bead.status === 'hooked' || bead.status === 'in_progress';
  const polecat = working && bead.polecat !== undefined ? await load.polecat(ledger, bead.polecat) : undefined;
  const mergeRequest =
    bead.status === 'submitted' && bead.mergeRequest !== undefined
      ? recordOf<MergeRequest>(await ledger.get(keys.mergeRequest(bead.rig, bead.target, bead.mergeRequest)))
      : undefined;
  const own = polecat?.body.bead === bead.id && polecat.body.attempt === bead.attempt ? polecat : undefined;
  const beat = own && (await load.beat(ledger, own.body));
  const escalation = bead.status === 'escalated' ? await load.escalation(ledger, beadCause(bead.id)) : undefined;
  return { polecat: own, beat, mergeRequest, escalation };
}
