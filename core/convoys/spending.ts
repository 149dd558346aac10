/** What a convoy has of its own budget: its beads' attempts, and the Mayor's calls about it. */
import { roundedUsd, sumUsd } from '../costs/rounded.ts';
import { limits } from '../limits.ts';
import type { Instant } from '../ports.ts';
import type { DayBudget } from '../scheduler/records.ts';
import type { Bead } from './bead.ts';
import type { Convoy } from './convoy.ts';

type Mayors = Pick<Convoy, 'mayorUsd' | 'calls'>;

/** Nobody is making it any more: no answer of it will be heard. */
export const isOver = (since: Instant, now: Instant): boolean => since < now - limits.modelCallLapsesMs;

/** What the Mayor's calls cost, and the most that those may which are being made. */
export const mayorUsdOf = ({ mayorUsd = 0, calls = [] }: Mayors): number =>
  sumUsd([mayorUsd, ...calls.map(({ usd }) => usd)]);

export const spentUsd = (convoy: Mayors, beads: readonly Bead[]): number =>
  sumUsd([mayorUsdOf(convoy), ...beads.map(({ costUsd }) => costUsd)]);

/** A call that is being made has its money reserved: most of it will come back. */
export function spendingOf(convoy: Mayors, beads: readonly Bead[], now: Instant): DayBudget {
  const reservedUsd = sumUsd([
    ...beads.map(({ reservedUsd: usd = 0 }) => usd),
    ...(convoy.calls ?? []).map(({ usd, at }) => (isOver(at, now) ? 0 : usd)),
  ]);
  const all = sumUsd([spentUsd(convoy, beads), ...beads.map(({ reservedUsd: usd = 0 }) => usd)]);
  return { spentUsd: roundedUsd(all - reservedUsd), reservedUsd };
}
