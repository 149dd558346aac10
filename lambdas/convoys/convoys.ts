/** The convoy tick: readiness, propagation of failure, progress, closing; and the clearing up of a cancelled convoy. */
import { cancelBeads } from '../../core/convoys/cancel.ts';
import { countOnly, stalledCause, tickConvoy } from '../../core/convoys/tick.ts';
import type { Ports } from '../../core/ports.ts';
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
      return { step: cancelled.step ?? countOnly(meta, beads), result: cancelled.step !== undefined };
    }
    const escalation = await load.escalation(ledger, stalledCause(id));
    const { step, more } = tickConvoy(meta, beads, escalation, now);
    return { step, result: more };
  });
