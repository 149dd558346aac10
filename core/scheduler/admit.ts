/** Which ready beads get a slot now: in the order of the line, under every cap, the breaker and the switch. */
import { type Bead, hasEnded, leftOfBudget } from '../convoys/bead.ts';
import { saveBead } from '../convoys/save-bead.ts';
import { sumUsd } from '../costs/rounded.ts';
import type { Effect } from '../effects.ts';
import { counted } from '../feed/words.ts';
import { type ConvoyId, keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Change, Instant, Item } from '../ports.ts';
import { guard, type Step, together, upsert } from '../step.ts';
import { leaveLine } from './line.ts';
import {
  type Breaker,
  breakerOpen,
  type Capacity,
  type DayBudget,
  noCapacity,
  noFailures,
  noSpending,
  type Switch,
  withSlots,
  workingIn,
  workingInTown,
} from './records.ts';

export interface Seen {
  readonly switch: Item<Switch> | undefined;
  readonly breaker: Item<Breaker> | undefined;
  readonly capacity: Item<Capacity> | undefined;
  readonly budget: Item<DayBudget> | undefined;
  /** The head of the line, in order, each with its bead (absent if the bead is gone). */
  readonly line: readonly { readonly place: Item<unknown>; readonly bead: Item<Bead> | undefined }[];
  /** Of each convoy in that line, what its beads have cost and reserved. Read after the capacity, which every admission writes. */
  readonly convoys?: ReadonlyMap<ConvoyId, DayBudget>;
}

export interface Caps {
  readonly rig: string;
  readonly polecatsPerRig: number;
  readonly polecatsPerTown: number;
  readonly dayBudgetUsd: number;
  /** 0 or absent: no bound but the beads' own. */
  readonly convoyBudgetUsd?: number;
}

export interface Admission {
  readonly step: Step | undefined;
  readonly admitted: number;
  /** Why nothing more was admitted, in one line for `gt why`. */
  readonly because: string;
  /** There may be more to admit: look again after this commit. */
  readonly more: boolean;
}

/** Slots free for this rig now. */
export const room = (capacity: Capacity, { rig, polecatsPerRig, polecatsPerTown }: Caps): number =>
  Math.max(0, Math.min(polecatsPerRig - workingIn(capacity, rig), polecatsPerTown - workingInTown(capacity)));

const none = (because: string): Admission => ({ step: undefined, admitted: 0, because, more: false });

export function admit(seen: Seen, caps: Caps, now: Instant): Admission {
  if (seen.switch?.body.stopped) return none(`the town is stopped: ${seen.switch.body.because}`);
  if (breakerOpen(seen.breaker?.body ?? noFailures, now)) return none('the failure breaker is open');

  const parts: Step[] = [];
  let capacity = seen.capacity?.body ?? noCapacity;
  let budget = seen.budget?.body ?? noSpending;
  const convoys = new Map(seen.convoys);
  let admitted = 0;
  let because = 'the line is empty';
  let more = false;
  for (const { place, bead } of seen.line) {
    if (parts.length >= limits.admissionsPerCommitMax) {
      more = true;
      break;
    }
    if (!bead || !standsHere(bead.body, place)) {
      parts.push({ changes: [{ delete: { pk: place.pk, sk: place.sk }, expect: { any: true } }] });
      continue;
    }
    const question = whyNever(bead.body, convoys.get(bead.body.convoy) ?? noSpending, caps);
    if (question) {
      parts.push(askAboutBudget(bead, question, now));
      continue;
    }
    const crowded = whyNotYet(bead.body, convoys.get(bead.body.convoy) ?? noSpending, caps);
    if (crowded) {
      because = crowded;
      continue;
    }
    const full = whyFull(capacity, budget, bead.body, caps);
    if (full) {
      because = full;
      break;
    }
    capacity = withSlots(capacity, caps.rig, 1);
    budget = withReserved(budget, leftOfBudget(bead.body));
    convoys.set(bead.body.convoy, withReserved(convoys.get(bead.body.convoy) ?? noSpending, leftOfBudget(bead.body)));
    parts.push(admitBead(bead, now));
    admitted += 1;
  }
  if (parts.length === 0) return none(because);
  const shared: Change[] =
    admitted === 0
      ? []
      : [
          upsert(keys.capacity(), seen.capacity, capacity),
          guard(keys.estop(), seen.switch),
          ...(budget.reservedUsd === (seen.budget?.body.reservedUsd ?? 0)
            ? []
            : [upsert(keys.budget(now), seen.budget, budget)]),
        ];
  return { step: together({ changes: shared }, ...parts), admitted, because, more: more || parts.length > admitted };
}

/** The place is the bead's current one, and the bead still waits for a slot. */
const standsHere = (bead: Bead, place: Item<unknown>): boolean =>
  bead.status === 'open' &&
  !hasEnded(bead) &&
  bead.admittedAt === undefined &&
  bead.inLine !== undefined &&
  keys.ready(bead.rig, bead.inLine, bead.id).sk === place.sk;

function whyFull(capacity: Capacity, budget: DayBudget, bead: Bead, caps: Caps): string | undefined {
  const inRig = workingIn(capacity, caps.rig);
  if (inRig >= caps.polecatsPerRig)
    return `${inRig} polecats of rig ${caps.rig} are at work, of ${caps.polecatsPerRig}`;
  const inTown = workingInTown(capacity);
  if (inTown >= caps.polecatsPerTown) return `${inTown} polecats of the town are at work, of ${caps.polecatsPerTown}`;
  const left = leftOfBudget(bead);
  const asked = sumUsd([budget.spentUsd, budget.reservedUsd, left]);
  if (left > 0 && asked > caps.dayBudgetUsd)
    return `the day's budget of $${caps.dayBudgetUsd} has $${budget.spentUsd} spent and $${budget.reservedUsd} reserved`;
  return undefined;
}

const withReserved = (budget: DayBudget, usd: number): DayBudget => ({
  ...budget,
  reservedUsd: sumUsd([budget.reservedUsd, usd]),
});

/** What to ask a human about a bead whose money no waiting brings. */
function whyNever(bead: Bead, convoy: DayBudget, { dayBudgetUsd, convoyBudgetUsd = 0 }: Caps): string | undefined {
  const left = leftOfBudget(bead);
  const raise = `Give it more with gt sling ${bead.id} --budget <dollars>, or close it.`;
  if (bead.budgetUsd > 0 && left === 0)
    return `Its budget of $${bead.budgetUsd} is spent: $${bead.costUsd} by ${counted(bead.attempt, 'attempt')}. ${raise}`;
  if (left > dayBudgetUsd)
    return `Its budget of $${left} is more than the $${dayBudgetUsd} that the town may spend in a day: raise the town's day budget and answer, or close the bead and submit it with a smaller one.`;
  if (left > 0 && convoyBudgetUsd > 0 && sumUsd([convoy.spentUsd, left]) > convoyBudgetUsd)
    return `Its convoy has spent $${convoy.spentUsd} of the $${convoyBudgetUsd} that one may (budget.per_convoy_usd), which leaves too little for the $${left} that it may cost. Raise that and answer, or close the bead.`;
  return undefined;
}

/** Other beads of its convoy hold what is left of the convoy's budget; they may not need all of it. */
function whyNotYet(bead: Bead, convoy: DayBudget, { convoyBudgetUsd = 0 }: Caps): string | undefined {
  const left = leftOfBudget(bead);
  if (left === 0 || convoyBudgetUsd === 0 || sumUsd([convoy.spentUsd, convoy.reservedUsd, left]) <= convoyBudgetUsd)
    return undefined;
  return `the budget of convoy ${bead.convoy}, $${convoyBudgetUsd}, has $${convoy.spentUsd} spent and $${convoy.reservedUsd} reserved`;
}

/** It would block the line for ever. Its molecule asks a human, and the line moves on. */
function askAboutBudget(was: Item<Bead>, question: string, now: Instant): Step {
  const { bead, changes } = leaveLine(was.body);
  const asking: Bead = {
    ...bead,
    outcome: { kind: 'escalated', question, severity: 'high' },
    run: runOf(bead),
  };
  return { changes: [saveBead(was, asking, now), ...changes], effects: goOn(was.body) };
}

/** No execution has the name of an earlier one. */
const runOf = ({ run, lastRun = 0 }: Bead): number => (run > 0 ? run : lastRun + 1);

/** The molecule of a bead that leaves the line: started, if it never ran, or told to go on. */
const goOn = (bead: Bead): Effect[] => {
  if (bead.run === 0) return [{ do: 'start_molecule', bead: bead.id, run: runOf(bead) }];
  return bead.wait ? [{ do: 'succeed_task', token: bead.wait.token }] : [];
};

function admitBead(was: Item<Bead>, now: Instant): Step {
  const { bead, changes } = leaveLine(was.body);
  const next: Bead = {
    ...bead,
    admittedAt: now,
    ...(leftOfBudget(bead) > 0 ? { reservedUsd: leftOfBudget(bead) } : {}),
    run: runOf(bead),
  };
  return {
    changes: [saveBead(was, next, now), ...changes],
    effects: goOn(was.body),
    events: [
      {
        kind: 'bead.admitted',
        who: 'scheduler',
        text: `${bead.id} got a slot: ${bead.title}`,
        bead: bead.id,
        convoy: bead.convoy,
        rig: bead.rig,
      },
    ],
  };
}
