/** What a convoy has of its own budget: its beads' attempts, and the Mayor's calls about it. */
import { roundedUsd, sumUsd } from '../costs/rounded.ts';
import type { DayBudget } from '../scheduler/records.ts';
import type { Bead } from './bead.ts';
import type { Convoy } from './convoy.ts';

export const spentUsd = ({ mayorUsd = 0 }: Pick<Convoy, 'mayorUsd'>, beads: readonly Bead[]): number =>
  sumUsd([mayorUsd, ...beads.map(({ costUsd }) => costUsd)]);

export const spendingOf = (convoy: Pick<Convoy, 'mayorUsd'>, beads: readonly Bead[]): DayBudget => ({
  spentUsd: spentUsd(convoy, beads),
  reservedUsd: roundedUsd(beads.reduce((sum, { reservedUsd = 0 }) => sum + reservedUsd, 0)),
});
