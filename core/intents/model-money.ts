/**
 * What a call of the Mayor's model costs, on its convoy and on its day: the most that it may before it is sent, what it did
 * when it has been answered. Whoever dies in between leaves the most on record, and no less than what was spent.
 */
import type { Convoy } from '../convoys/convoy.ts';
import { roundedUsd, sumUsd } from '../costs/rounded.ts';
import type { Fault } from '../errors.ts';
import { keys } from '../keys.ts';
import type { Instant, Item } from '../ports.ts';
import { type DayBudget, noSpending } from '../scheduler/records.ts';
import { type Step, upsert } from '../step.ts';

/** A call that is being made. */
export interface Booking {
  readonly usd: number;
  /** On whose day it is booked, whenever it ends. */
  readonly at: Instant;
}

/** In USD; a convoy's is 0 where it has no cap. */
export interface ModelCaps {
  readonly dayBudgetUsd: number;
  readonly convoyBudgetUsd: number;
}

/** Why a call that may cost so much is not made: what is spent or reserved leaves no room for it. */
export function whyNoMoney(usd: number, day: DayBudget, convoy: DayBudget, caps: ModelCaps): Fault | undefined {
  if (usd === 0) return undefined;
  const { dayBudgetUsd, convoyBudgetUsd } = caps;
  const given = ({ spentUsd, reservedUsd }: DayBudget): string => `$${spentUsd} spent and $${reservedUsd} reserved`;
  const passes = (of: DayBudget, cap: number): boolean => sumUsd([of.spentUsd, of.reservedUsd, usd]) > cap;
  const code = 'BUDGET_SPENT';
  const call = `A call of the Mayor's model may cost $${usd}`;
  if (convoyBudgetUsd > 0 && passes(convoy, convoyBudgetUsd))
    return {
      code,
      what: `${call}, and the $${convoyBudgetUsd} of the convoy have ${given(convoy)}.`,
      remedy: 'Raise budget.per_convoy_usd of the rig, then go on.',
    };
  if (passes(day, dayBudgetUsd))
    return {
      code,
      what: `${call}, and the day's budget of $${dayBudgetUsd} has ${given(day)}.`,
      remedy: "Wait for tomorrow (UTC), or raise the town's day budget, then go on.",
    };
  return undefined;
}

export interface Account {
  readonly convoy: Item<Convoy>;
  /** Of the day that the money is booked on. */
  readonly day: Item<DayBudget> | undefined;
}

interface Booked {
  readonly convoy: Item<Convoy>;
  readonly step: Step;
}

/** `usd` may be negative. The convoy is what the caller's step is to replace, in one commit with `step`. */
export function bookOn({ convoy, day }: Account, { usd, at }: Booking): Booked {
  if (usd === 0) return { convoy, step: { changes: [] } };
  const more = (was: number): number => Math.max(0, roundedUsd(was + usd));
  const was = day?.body ?? noSpending;
  return {
    convoy: { ...convoy, body: { ...convoy.body, mayorUsd: more(convoy.body.mayorUsd ?? 0) } },
    step: { changes: [upsert(keys.budget(at), day, { ...was, spentUsd: more(was.spentUsd) })] },
  };
}

/** The call has been answered, for `usd`. */
export function settleCall(account: Account, booked: Booking, usd: number): Booked {
  const { convoy, step } = bookOn(account, { ...booked, usd: roundedUsd(usd - booked.usd) });
  const { id, rig } = convoy.body;
  const text = `${id}: a call of the Mayor's model cost $${usd}`;
  return {
    convoy,
    step: {
      ...step,
      events: [{ kind: 'mayor.called', who: 'mayor', text, convoy: id, rig, measured: { ModelUsd: usd } }],
    },
  };
}
