/** The convoy tick: readiness, propagation of failure, progress, closing; and the clearing up of a cancelled convoy. */
import { type Bead, hasEnded } from '../../core/convoys/bead.ts';
import { cancelBeads, type Ending, endBead } from '../../core/convoys/cancel.ts';
import { unneededParts } from '../../core/convoys/parts.ts';
import { unneededResolvers } from '../../core/convoys/resolvers.ts';
import { countOnly, stalledCause, tellWaiting, tickConvoy } from '../../core/convoys/tick.ts';
import { closeEscalation } from '../../core/escalations/close.ts';
import { beadCause } from '../../core/molecules/before-a-human.ts';
import type { Instant, Item, Ledger, Ports } from '../../core/ports.ts';
import { type Step, together } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { loadHoldings } from './holdings.ts';

export type ConvoysDeps = Pick<Ports, 'ledger' | 'clock' | 'ids' | 'log'>;

export const makeTick =
  (deps: ConvoysDeps) =>
  async (convoy: string): Promise<void> => {
    while (await tickOnce(deps, convoy)) {}
  };

/** Returns whether there is more to do. */
const tickOnce = (deps: ConvoysDeps, id: string): Promise<boolean> =>
  runCommand(deps, `tick of convoy ${id}`, async (now) => {
    const { ledger } = deps;
    const meta = await load.convoy(ledger, id);
    if (!meta) return { result: false };
    const beads = await load.beads(ledger, id);
    if (meta.body.status === 'cancelled') {
      const cancelled = cancelBeads(beads, await loadHoldings(ledger, beads), 'the convoy was cancelled', now);
      const awaited = beads.find(({ body }) => hasEnded(body) && body.awaitedBy !== undefined);
      const told = cancelled.step ?? (awaited && tellWaiting(awaited, now));
      return { step: told ?? countOnly(meta, beads), result: told !== undefined };
    }
    const [resolver] = unneededResolvers(beads);
    if (resolver) {
      const superseded = { status: 'closed', reason: 'superseded' } as const;
      const because = 'its change needs no resolver now';
      return { step: await endUnneeded(ledger, resolver, superseded, because, now), result: true };
    }
    const [part] = unneededParts(beads);
    if (part) {
      const because = `${part.body.partOf} has landed without it`;
      return { step: await endUnneeded(ledger, part, { status: 'cancelled' }, because, now), result: true };
    }
    // What was cancelled may still arrive.
    if (meta.body.status === 'landed') return { step: countOnly(meta, beads), result: false };
    const escalation = await load.escalation(ledger, stalledCause(id));
    const { step, more } = tickConvoy(meta, beads, escalation, now);
    return { step, result: more };
  });

/** Its polecat is stopped, its slot is free, and what it may have asked needs no answer. */
async function endUnneeded(
  ledger: Ledger,
  was: Item<Bead>,
  ending: Ending,
  because: string,
  now: Instant,
): Promise<Step> {
  const ended = endBead(was, await loadHoldings(ledger, [was]), ending, 'town', because, now);
  return together(ended, closeEscalation(await load.escalation(ledger, beadCause(was.body.id)), 'town', now));
}
