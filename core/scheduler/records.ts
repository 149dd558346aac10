/** What the whole town shares: its switch, its slots, its breaker, its daily budget. */
import type { Alarm } from '../escalations/open.ts';
import { limits } from '../limits.ts';
import type { Instant } from '../ports.ts';

/** The body of `TOWN SWITCH`. While stopped, nothing is admitted and nothing is landed; what works, works on. */
export interface Switch {
  readonly stopped: boolean;
  readonly by: string;
  readonly because: string;
  readonly at: Instant;
}

/** The body of `TOWN CAPACITY`: slots held, by rig. Changed only in the transaction that gives or returns a slot. */
export interface Capacity {
  readonly working: Readonly<Record<string, number>>;
}

/** The body of `TOWN BREAKER`: the newest failures, oldest first. */
export interface Breaker {
  readonly failures: readonly Instant[];
}

/** The body of `TOWN BUDGET#<day>`, in USD; the same of a convoy, as its beads say. */
export interface DayBudget {
  readonly reservedUsd: number;
  readonly spentUsd: number;
}

export const noCapacity: Capacity = { working: {} };
export const noFailures: Breaker = { failures: [] };
export const noSpending: DayBudget = { reservedUsd: 0, spentUsd: 0 };

export const workingIn = (capacity: Capacity, rig: string): number => capacity.working[rig] ?? 0;
export const workingInTown = (capacity: Capacity): number =>
  Object.values(capacity.working).reduce((sum, count) => sum + count, 0);

/**
 * Slots given (`by` > 0) or returned. Below zero the bead that holds one and this count were read at two moments: one of
 * them is stale, and the commit that names the versions of both is refused.
 */
export function withSlots(capacity: Capacity, rig: string, by: number): Capacity {
  const count = Math.max(0, workingIn(capacity, rig) + by);
  const { [rig]: _, ...others } = capacity.working;
  return { working: count === 0 ? others : { ...others, [rig]: count } };
}

/** Open after 20 failures within 30 minutes, until the oldest of them is 30 minutes old or someone thaws the town. */
export function breakerOpen(breaker: Breaker, now: Instant): boolean {
  const recent = breaker.failures.filter((at) => at > now - limits.breakerWindowMs);
  return recent.length >= limits.breakerFailuresMax;
}

export const withFailure = (breaker: Breaker, now: Instant): Breaker => ({
  failures: [...breaker.failures.filter((at) => at > now - limits.breakerWindowMs), now].slice(
    -limits.breakerFailuresMax,
  ),
});

export const breakerCause = 'town/breaker';

/** Said by whoever would have admitted a bead: one email, however many rigs find the breaker open. */
export const breakerAlarm: Alarm = {
  cause: breakerCause,
  severity: 'high',
  title: 'the failure breaker is open',
  what: `${limits.breakerFailuresMax} attempts failed within ${limits.breakerWindowMs / 60_000} minutes. See what they have in common: gt feed.`,
  tried: 'each of them again, by the ladder of its rig; then this, so that it costs no more.',
  unattended: `no polecat is launched until the oldest of the failures is ${limits.breakerWindowMs / 60_000} minutes ago; then it starts again.`,
  command: 'gt thaw',
};
