/** What a merge request's end does to its bead, with all that hangs on the bead. */
import { endBead } from '../../core/convoys/cancel.ts';
import { landsLate, type Settlement, settleBead } from '../../core/convoys/settle.ts';
import { closeEscalation } from '../../core/escalations/close.ts';
import type { BeadId } from '../../core/keys.ts';
import { beadCause } from '../../core/molecules/before-a-human.ts';
import type { Instant, Ledger } from '../../core/ports.ts';
import { type Step, together } from '../../core/step.ts';
import { load } from '../platform/load.ts';
import { loadHoldings } from './holdings.ts';

/** Nothing if the bead is gone, has moved on, or has heard it already. */
export async function settlement(
  ledger: Ledger,
  settled: Settlement & { readonly bead: BeadId },
  now: Instant,
): Promise<Step | undefined> {
  const was = await load.bead(ledger, settled.bead);
  if (!was) return undefined;
  const { id, status, admittedAt } = was.body;
  // Whatever it asked, or was given up for: nobody need do anything any more.
  const over = async () => closeEscalation(await load.escalation(ledger, beadCause(id)), 'town', now);
  const late = landsLate(was.body, settled);
  if (late !== undefined) {
    const because = `attempt ${settled.attempt} landed after all, as ${late.slice(0, 10)}`;
    const merged = { status: 'closed', reason: 'merged', commit: late } as const;
    return together(endBead(was, await loadHoldings(ledger, [was]), merged, 'refinery', because, now), await over());
  }
  const [capacity, budget] =
    admittedAt === undefined ? [] : await Promise.all([load.capacity(ledger), load.budget(ledger, admittedAt)]);
  const step = settleBead(was, settled, { capacity, budget }, now);
  const withHuman = status === 'failed' || status === 'escalated';
  return step && withHuman ? together(step, await over()) : step;
}
