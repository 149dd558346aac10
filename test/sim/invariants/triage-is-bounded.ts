/**
 * "Never the same triage twice", and not for ever: a bead comes before the Mayor so often at most, also if it was split off from
 * one that did. What a split makes is wanted, counted at once, and has no more money than there was.
 */
import { type Bead, leftOfBudget } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { sumUsd } from '../../../core/costs/rounded.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { beadOf, changed } from './records.ts';

function caseBreach(was: Bead | undefined, { id, triage, budgetUsd, runtime }: Bead): string | undefined {
  if (!triage) return undefined;
  if (triage.count > limits.triagesMax) return `${id} came before the Mayor ${triage.count} times`;
  const hashes = triage.decisions.map(({ hash }) => hash);
  if (new Set(hashes).size < hashes.length) return `${id} was decided twice in the same way`;
  if (hashes.length > triage.count) return `${id} has ${hashes.length} decisions in ${triage.count} cases`;
  if ((triage.open?.rounds ?? 0) >= limits.triageRoundsMax || (triage.open?.misses ?? 0) >= limits.triageMissesMax)
    return `${id} waits for the Mayor after ${triage.open?.rounds} answers and ${triage.open?.misses} misses`;
  const isDecided = (was?.triage?.decisions.length ?? 0) < hashes.length;
  if (was && isDecided && (budgetUsd > was.budgetUsd || runtime !== was.runtime))
    return `${id} has $${budgetUsd} for ${runtime} by triage, and had $${was.budgetUsd} for ${was.runtime}`;
  return undefined;
}

/** `parts`: beads that were made in this step. */
function splitBreach(seen: Seen, id: string, parts: readonly Bead[], before: Bead | undefined): string | undefined {
  const whole = beadOf(seen, id);
  const convoy = seen.get<Convoy>(keys.convoy(parts[0]?.convoy ?? ''))?.body;
  if (!whole || !before || !convoy) return `${parts[0]?.id} is part of ${id}, which was not split in this step`;
  if (convoy.status === 'cancelled') return `${parts[0]?.id} was made for convoy ${convoy.id}, which is cancelled`;
  const missed = parts.find((part) => !whole.needs.includes(part.id));
  if (missed) return `${missed.id} is part of ${id}, which does not wait for it`;
  const forgot = parts.find(({ triage }) => (triage?.count ?? 0) < (whole.triage?.count ?? 0));
  if (forgot) return `${forgot.id} comes of triage, and does not count it`;
  const given = sumUsd([...parts.map(leftOfBudget), leftOfBudget(whole)]);
  return given > leftOfBudget(before)
    ? `${id} had $${leftOfBudget(before)} left, and its parts have $${given}`
    : undefined;
}

export const triageIsBounded = (): Invariant => ({
  name: 'triage is bounded',
  check(seen) {
    const beads = changed(seen, 'bead');
    const made = new Map<string, Bead[]>();
    for (const { was, is } of beads) {
      const breach = is && caseBreach(was?.body, is.body);
      if (breach) return breach;
      const of = is?.body.partOf;
      if (!was && is && of !== undefined) made.set(of, [...(made.get(of) ?? []), is.body]);
    }
    for (const [id, parts] of made) {
      const before = beads.find(({ is }) => is?.body.id === id)?.was?.body;
      const breach = splitBreach(seen, id, parts, before);
      if (breach) return breach;
    }
    return undefined;
  },
});
