/**
 * "Caps (town, rig) and budgets never exceeded". A slot and a reservation change in the transaction that gives or returns
 * them, so after every step the town's counts are those of its beads: none leaks, none is returned twice. What the days
 * say was spent is what beads and convoys say.
 */
import type { Bead } from '../../../core/convoys/bead.ts';
import { mayorUsdOf } from '../../../core/convoys/spending.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Item, Key } from '../../../core/ports.ts';
import { type Capacity, type DayBudget, noCapacity, workingInTown } from '../../../core/scheduler/records.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { changed, planOf } from './records.ts';

const isDay = ({ pk, sk }: Key): boolean => pk === 'TOWN' && sk.startsWith('BUDGET#');
const spentOn = (day: Item | undefined): number => (day as Item<DayBudget> | undefined)?.body.spentUsd ?? 0;

/** Dollars have nine places: sums of these are exact. */
const billionths = (usd: number): number => Math.round(usd * 1e9);

export function slotsAndMoneyAreCounted(): Invariant {
  const slots = new Map<string, number>();
  /** In billionths of a dollar, by the key of the day. */
  const reserved = new Map<string, number>();
  /** In billionths: by days, less by beads and by the Mayor. */
  let unexplained = 0;

  function countSpent(seen: Seen): void {
    const spent = (usd = 0): number => billionths(usd);
    for (const { was, is } of changed(seen, 'bead')) unexplained += spent(was?.body.costUsd) - spent(is?.body.costUsd);
    for (const { was, is } of changed(seen, 'convoy'))
      unexplained += spent(mayorUsdOf(was?.body ?? {})) - spent(mayorUsdOf(is?.body ?? {}));
    for (const { key, was, is } of seen.changed)
      if (isDay(key)) unexplained += spent(spentOn(is)) - spent(spentOn(was));
  }

  function count({ admittedAt, rig, reservedUsd = 0 }: Bead, by: 1 | -1): void {
    if (admittedAt === undefined) return;
    slots.set(rig, (slots.get(rig) ?? 0) + by);
    const { sk } = keys.budget(admittedAt);
    reserved.set(sk, (reserved.get(sk) ?? 0) + by * billionths(reservedUsd));
  }

  function slotBreach(seen: Seen): string | undefined {
    const capacity = seen.get<Capacity>(keys.capacity())?.body ?? noCapacity;
    for (const [rig, held] of slots) {
      const counted = capacity.working[rig] ?? 0;
      if (counted !== held) return `${held} beads of ${rig} hold a slot, and the town counts ${counted}`;
      const most = planOf(seen, rig)?.polecatsMax ?? held;
      if (held > most) return `${held} slots of ${rig} are held, of ${most}`;
    }
    const all = workingInTown(capacity);
    const { polecatsPerTown } = seen.scenario;
    return all > polecatsPerTown ? `${all} slots of the town are held, of ${polecatsPerTown}` : undefined;
  }

  function moneyBreach(seen: Seen): string | undefined {
    for (const [sk, held] of reserved) {
      const day = seen.get<DayBudget>({ pk: 'TOWN', sk })?.body ?? { reservedUsd: 0, spentUsd: 0 };
      if (billionths(day.reservedUsd) !== held)
        return `beads have $${held / 1e9} reserved, and ${sk} counts $${day.reservedUsd}`;
      const most = limits.dayBudgetUsdDefault;
      if (billionths(day.reservedUsd) + billionths(day.spentUsd) > billionths(most))
        return `${sk} has ${day.reservedUsd + day.spentUsd} USD given away, of ${most}`;
    }
    if (unexplained !== 0) return `days have $${unexplained / 1e9} spent that neither bead nor convoy has`;
    return undefined;
  }

  return {
    name: 'slots and money are counted',
    check(seen) {
      const beads = changed(seen, 'bead');
      for (const { was, is } of beads) {
        if (was) count(was.body, -1);
        if (is) count(is.body, 1);
      }
      countSpent(seen);
      const isTouched = beads.length > 0 || seen.changed.some(({ key }) => key.pk === 'TOWN');
      return isTouched ? (slotBreach(seen) ?? moneyBreach(seen)) : undefined;
    },
  };
}
