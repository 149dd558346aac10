/** The money for a call of the Mayor's model, as it is on record. */
import { isOver, spendingOf } from '../../core/convoys/spending.ts';
import { roundedUsd, sumUsd } from '../../core/costs/rounded.ts';
import { type Fault, Unavailable } from '../../core/errors.ts';
import { type Account, type Booking, openCall, whyNoMoney } from '../../core/intents/model-money.ts';
import { type ConvoyId, keys } from '../../core/keys.ts';
import type { Instant, Ledger } from '../../core/ports.ts';
import { type DayBudget, noCapacity, noSpending } from '../../core/scheduler/records.ts';
import { together, upsert } from '../../core/step.ts';
import { load } from '../platform/load.ts';
import type { MayorDeps } from './mayor.ts';

/** The day comes first: who gives money away or takes it back after that changes it, and the commit is refused. */
export async function accountOf(ledger: Ledger, id: ConvoyId, at: Instant): Promise<Account | undefined> {
  const day = await load.budget(ledger, at);
  const convoy = await load.convoy(ledger, id);
  return convoy && { convoy, day };
}

/**
 * The convoy and the step that give the call its money, or why there is none. Throws `Unavailable` where there may be some
 * as soon as another call about this convoy has ended.
 */
export async function moneyFor(
  { ledger, caps }: MayorDeps,
  account: Account,
  call: Booking,
): Promise<ReturnType<typeof openCall> | { readonly fault: Fault }> {
  const { convoy, day } = account;
  const { id, rig, calls = [] } = convoy.body;
  const { config } = await load.rigConfig(ledger, rig);
  const convoyBudgetUsd = config['budget.per_convoy_usd'];
  const capacity = convoyBudgetUsd > 0 ? await load.capacity(ledger) : undefined;
  const beads = await load.beads(ledger, id);
  const spending = spendingOf(
    convoy.body,
    beads.map(({ body }) => body),
    call.at,
  );
  const ofDay = day?.body ?? noSpending;
  const all = { ...caps, convoyBudgetUsd };
  const fault = whyNoMoney(call.usd, ofDay, spending, all);
  if (fault) {
    const held = sumUsd(calls.map(({ usd, at }) => (isOver(at, call.at) ? 0 : usd)));
    const without = (of: DayBudget): DayBudget => ({ ...of, reservedUsd: roundedUsd(of.reservedUsd - held) });
    if (held > 0 && !whyNoMoney(call.usd, without(ofDay), without(spending), all))
      throw new Unavailable(`another call about ${id} holds the money for this one`);
    return { fault };
  }
  const { convoy: next, step } = openCall(account, call);
  // Who admits a bead writes the slots, on whichever side of midnight: two that read each other's money cannot both go on.
  const alone = convoyBudgetUsd > 0 ? [upsert(keys.capacity(), capacity, capacity?.body ?? noCapacity)] : [];
  return { convoy: next, step: together(step, { changes: alone }) };
}
