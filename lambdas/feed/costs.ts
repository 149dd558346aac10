/** What was spent, from what is recorded: by bead with what its attempt has spent so far, and by day. */
import type { Bead } from '../../core/convoys/bead.ts';
import { roundedUsd } from '../../core/costs/rounded.ts';
import { keys } from '../../core/keys.ts';
import type { Beat } from '../../core/polecats/polecat.ts';
import type { Instant, Ledger } from '../../core/ports.ts';
import { type DayBudget, noSpending } from '../../core/scheduler/records.ts';
import { recordOf } from '../../core/step.ts';
import { beadsOf } from './records.ts';

const dayMs = 24 * 3_600_000;

interface Cost {
  readonly id: string;
  readonly title: string;
  readonly rig: string;
  readonly status: string;
  readonly attempts: number;
  /** Models, in USD: attempts that have ended, and what the one at work has told. */
  readonly modelUsd: number;
  readonly budgetUsd: number;
  /** For what its tasks cost beside their models. */
  readonly agentMs: number;
}

interface DayCost extends DayBudget {
  readonly day: string;
}

/** Today first. */
export const costsOfDays = (ledger: Ledger, now: Instant, days: number): Promise<DayCost[]> =>
  Promise.all(
    Array.from({ length: days }, async (_, i) => {
      const key = keys.budget(now - i * dayMs);
      const { spentUsd, reservedUsd } = recordOf<DayBudget>(await ledger.get(key))?.body ?? noSpending;
      return {
        day: key.sk.slice(-'2026-01-01'.length),
        spentUsd: roundedUsd(spentUsd),
        reservedUsd: roundedUsd(reservedUsd),
      };
    }),
  );

export const costsOfBeads = async (ledger: Ledger, convoy: string): Promise<Cost[]> =>
  Promise.all((await beadsOf(ledger, convoy)).map((bead) => costOfBead(ledger, bead)));

async function costOfBead(ledger: Ledger, bead: Bead): Promise<Cost> {
  const { id, title, rig, status, attempt, budgetUsd, costUsd, spent } = bead;
  const modelUsd = roundedUsd(costUsd + (await spendingNow(ledger, bead)));
  return { id, title, rig, status, attempts: attempt, modelUsd, budgetUsd, agentMs: spent.agentMs };
}

/** What the bead's attempt at work has told so far, in USD. Its report books it, so none of an attempt that has ended. */
export async function spendingNow(ledger: Ledger, { id, polecat, attempt, status, outcome }: Bead): Promise<number> {
  if (polecat === undefined || outcome || (status !== 'hooked' && status !== 'in_progress')) return 0;
  const beat = recordOf<Beat>(await ledger.get(keys.beat(polecat)))?.body;
  return beat?.bead === id && beat.attempt === attempt ? beat.costUsd : 0;
}
