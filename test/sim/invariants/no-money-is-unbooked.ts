/**
 * "Budgets of bead, convoy and day are hard". What models have really cost, whoever heard of it, is never more than the
 * record says: spent, or reserved for the attempt at work; and the Mayor's calls no more than convoys say. And no convoy has more given away than its cap; the day's is the
 * business of slots-and-money-are-counted. So neither cap can be passed by what is at work.
 */
import type { Bead } from '../../../core/convoys/bead.ts';
import { mayorUsdOf } from '../../../core/convoys/spending.ts';
import { sumUsd } from '../../../core/costs/rounded.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { beadOf, beadsOf, changed, rigOf } from './records.ts';

export function noMoneyIsUnbooked(): Invariant {
  /** By bead, over all of its attempts. */
  const gone = new Map<string, number>();
  let heard = 0;
  let ofMayorUsd = 0;

  function spentSince({ fleet: { spendings } }: Seen): string[] {
    const news = spendings.slice(heard);
    heard = spendings.length;
    return news.flatMap(({ subject, usd }) => {
      if (subject.kind !== 'polecat') return [];
      gone.set(subject.bead, sumUsd([gone.get(subject.bead) ?? 0, usd]));
      return [subject.bead];
    });
  }

  const givenAway = ({ costUsd, reservedUsd = 0 }: Bead): number => sumUsd([costUsd, reservedUsd]);

  function convoyBreach(seen: Seen, { convoy, rig }: Bead): string | undefined {
    const most = Number(rigOf(seen, rig)?.settings['budget.per_convoy_usd'] ?? 0);
    const given = sumUsd(beadsOf(seen, convoy).map(givenAway));
    return most > 0 && given > most ? `convoy ${convoy} has $${given} given away, of $${most}` : undefined;
  }

  return {
    name: 'no money is unbooked',
    check(seen) {
      for (const { was, is } of changed(seen, 'convoy'))
        ofMayorUsd = sumUsd([ofMayorUsd, -mayorUsdOf(was?.body ?? {}), mayorUsdOf(is?.body ?? {})]);
      if (seen.mayorUsd > ofMayorUsd)
        return `the Mayor's calls have cost $${seen.mayorUsd}, and convoys have $${ofMayorUsd}`;
      const touched = changed(seen, 'bead').flatMap(({ is }) => (is ? [is.body.id] : []));
      for (const id of new Set([...touched, ...spentSince(seen)])) {
        const bead = beadOf(seen, id);
        const usd = gone.get(id) ?? 0;
        if (!bead) continue;
        if (usd > givenAway(bead))
          return `models have cost ${id} $${usd}, and the record has $${bead.costUsd} spent and $${bead.reservedUsd ?? 0} reserved`;
        const breach = bead.reservedUsd === undefined ? undefined : convoyBreach(seen, bead);
        if (breach) return breach;
      }
      return undefined;
    },
  };
}
