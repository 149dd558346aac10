/** The money for a call of the Mayor's model, as it is on record. */
import { spendingOf } from '../../core/convoys/spending.ts';
import type { Fault } from '../../core/errors.ts';
import { type Account, whyNoMoney } from '../../core/intents/model-money.ts';
import type { ConvoyId } from '../../core/keys.ts';
import type { Instant, Ledger } from '../../core/ports.ts';
import { noSpending } from '../../core/scheduler/records.ts';
import { load } from '../platform/load.ts';
import type { MayorDeps } from './mayor.ts';

/** The day comes first: who gives money away or takes it back after that changes it, and the commit is refused. */
export async function accountOf(ledger: Ledger, id: ConvoyId, at: Instant): Promise<Account | undefined> {
  const day = await load.budget(ledger, at);
  const convoy = await load.convoy(ledger, id);
  return convoy && { convoy, day };
}

export async function whyNoRoom(
  { ledger, caps }: MayorDeps,
  { convoy, day }: Account,
  usd: number,
): Promise<Fault | undefined> {
  const { id, rig } = convoy.body;
  const [{ config }, beads] = await Promise.all([load.rigConfig(ledger, rig), load.beads(ledger, id)]);
  const spending = spendingOf(
    convoy.body,
    beads.map(({ body }) => body),
  );
  const convoyBudgetUsd = config['budget.per_convoy_usd'];
  return whyNoMoney(usd, day?.body ?? noSpending, spending, { ...caps, convoyBudgetUsd });
}
