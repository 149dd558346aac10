/**
 * What a call of the Mayor's model costs, on its convoy and on its day: the most that it may before it is sent, what it did
 * when it has been answered. Whoever dies in between leaves the most on record, and no less than what was spent.
 */
import type { Convoy } from '../convoys/convoy.ts';
import { isOver } from '../convoys/spending.ts';
import { roundedUsd, sumUsd } from '../costs/rounded.ts';
import type { Fault } from '../errors.ts';
import { keys } from '../keys.ts';
import type { Instant, Item } from '../ports.ts';
import { type DayBudget, noSpending } from '../scheduler/records.ts';
import { type Step, upsert } from '../step.ts';

/** A call that is being made. */
export interface Booking {
  /** A ULID. */
  readonly id: string;
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
  /** What the caller's step is to replace, in one commit with `step`. */
  readonly convoy: Item<Convoy>;
  readonly step: Step;
}

/** The call begins. What others left open so long ago that nobody answers any more was spent. */
export function openCall({ convoy, day }: Account, call: Booking): Booked {
  if (call.usd === 0) return { convoy, step: { changes: [] } };
  const { calls = [], mayorUsd = 0 } = convoy.body;
  const lost = calls.filter(({ at }) => isOver(at, call.at));
  const open = [...calls.filter((one) => !lost.includes(one)), call];
  const spent = sumUsd([mayorUsd, ...lost.map(({ usd }) => usd)]);
  return { convoy: withCalls(convoy, open, spent), step: onDay(day, call.at, call.usd) };
}

/** The call has ended, and cost `usd`: nothing if it was turned away, all of it if nobody knows. */
export function closeCall({ convoy, day }: Account, call: Booking, usd: number): Booked {
  const { calls = [], mayorUsd = 0 } = convoy.body;
  const open = calls.filter(({ id }) => id !== call.id);
  const wasOpen = open.length < calls.length;
  const spent = sumUsd([mayorUsd, usd, wasOpen ? 0 : -call.usd]);
  return { convoy: withCalls(convoy, open, Math.max(0, spent)), step: onDay(day, call.at, usd - call.usd) };
}

/** It was answered: its convoy's feed says what for, and the town's metrics have it. */
export function settleCall(account: Account, call: Booking, usd: number): Booked {
  const { convoy, step } = closeCall(account, call, usd);
  const { id, rig } = convoy.body;
  const text = `${id}: a call of the Mayor's model cost $${usd}`;
  const told = { kind: 'mayor.called', who: 'mayor', text, convoy: id, rig, measured: { ModelUsd: usd } };
  return { convoy, step: { ...step, events: [told] } };
}

function withCalls(was: Item<Convoy>, calls: readonly Booking[], mayorUsd: number): Item<Convoy> {
  const { calls: _, ...convoy } = was.body;
  const open = calls.length === 0 ? {} : { calls };
  return { ...was, body: { ...convoy, ...open, ...(mayorUsd === 0 ? {} : { mayorUsd }) } };
}

function onDay(day: Item<DayBudget> | undefined, at: Instant, usd: number): Step {
  if (usd === 0) return { changes: [] };
  const was = day?.body ?? noSpending;
  const spentUsd = Math.max(0, roundedUsd(was.spentUsd + usd));
  return { changes: [upsert(keys.budget(at), day, { ...was, spentUsd })] };
}
