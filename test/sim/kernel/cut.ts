/** A scenario with some of it left out: what the shrinker tries, and what a kept seed may carry. */
import { type FaultKind, faultKinds } from './faults.ts';
import type { Scenario } from './scenario.ts';

export interface Cut {
  /** Beads that are left out, by name; a convoy or a rig without work goes with them. */
  readonly beads?: readonly string[];
  /** Commands that are left out, by their place. */
  readonly commands?: readonly number[];
  /** Faults that do not exist. */
  readonly faults?: readonly FaultKind[];
  /** So many strikes and no more. */
  readonly strikesMax?: number;
  /** From this step on whoever has waited longest moves next. */
  readonly orderlyFrom?: number;
}

export function cutScenario(scenario: Scenario, cut: Cut): Scenario {
  const gone = new Set(cut.beads);
  const convoys = scenario.convoys.flatMap((convoy) => {
    const beads = convoy.beads.flatMap((bead) => {
      if (gone.has(bead.name)) return [];
      const { breaksWith, ...rest } = bead;
      const kept = { ...rest, needs: bead.needs.filter((need) => !gone.has(need)) };
      return [breaksWith === undefined || gone.has(breaksWith) ? kept : { ...kept, breaksWith }];
    });
    return beads.length > 0 ? [{ ...convoy, beads }] : [];
  });
  const { rates, strikesMax } = scenario.faults;
  const kinds = faultKinds.filter((kind) => rates[kind] !== undefined && !cut.faults?.includes(kind));
  return {
    ...scenario,
    rigs: scenario.rigs.filter(({ name }) => convoys.some(({ rig }) => rig === name)),
    convoys,
    commands: scenario.commands.filter((_, i) => !cut.commands?.includes(i)),
    faults: {
      rates: Object.fromEntries(kinds.map((kind) => [kind, rates[kind] ?? 0])),
      strikesMax: Math.min(strikesMax, cut.strikesMax ?? strikesMax),
    },
  };
}
