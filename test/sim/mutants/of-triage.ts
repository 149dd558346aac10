/** Bugs of the Mayor's triage. */
import { type Mutant, mutant } from './mutant.ts';

const cases = 'core/molecules/triage.ts';
const steps = 'core/intents/triage.ts';
const money = 'core/intents/model-money.ts';
const decision = 'core/intents/mayor-triage/decision.ts';

export const ofTriage: readonly Mutant[] = [
  mutant(
    'triages for ever',
    'a bead comes before the Mayor so often at most',
    cases,
    'if ((bead.triage?.count ?? 0) >= limits.triagesMax) return false;',
    '',
  ),
  mutant(
    'lets a split begin anew',
    'what a bead is split into inherits its count',
    steps,
    '...(triage === undefined ? {} : { triage }),',
    '',
  ),
  mutant(
    'decides the same twice',
    'never the same triage twice',
    decision,
    'if (!(bead.triage?.decisions ?? []).some((one) => one.hash === hash)) return undefined;',
    'return undefined;',
    { file: decision, find: 'if (hash === asItIs)', replace: "if (hash === '')" },
  ),
  mutant(
    'forgets the new beads in the total',
    'the convoy counts right',
    steps,
    'total: convoy.body.progress.total + made.length',
    'total: convoy.body.progress.total',
  ),
  mutant(
    'writes new beads without a look at their convoy',
    'a cancelled convoy gets no bead',
    steps,
    "status === 'open' || status === 'stalled';",
    "status !== 'landed';",
    {
      file: steps,
      find: 'paid(convoy, spent, { progress, progressAt: now })',
      replace: '...[]',
    },
  ),
  mutant(
    'gives each part what the whole had left',
    'a split spends no more than the bead could',
    'core/intents/mayor-triage/facts.ts',
    'Math.floor((leftOfBudget(bead) / (parts + 1)) * 100) / 100',
    'Math.floor((leftOfBudget(bead) / Math.min(1, parts)) * 100) / 100',
  ),
  mutant(
    'starts the split bead under an old number',
    'no execution has the name of an earlier one',
    'core/scheduler/admit.ts',
    '(run > 0 ? run : lastRun + 1)',
    '(run > 0 ? run : lastRun - lastRun + 1)',
  ),
  mutant(
    'waits for its model for ever',
    'a model that is away is told to a human',
    steps,
    'if (misses >= limits.triageMissesMax)',
    'if (misses < 0)',
  ),
  mutant(
    'asks its model before it books the call',
    'what models cost is booked',
    'lambdas/intents/triage-bead.ts',
    'const booking: Booking = { id, usd, at: now };',
    'const booking: Booking = { id, usd: 0, at: now };',
  ),
  mutant(
    'takes a lost answer for one that cost nothing',
    'what models cost is booked',
    'lambdas/intents/triage-bead.ts',
    'closeCall(seen, booked, lost ? booked.usd : 0)',
    'closeCall(seen, booked, 0)',
  ),
  mutant(
    'books its calls on the convoy alone',
    'what a day spends is what its beads and convoys spend',
    money,
    '{ ...was, spentUsd })] };',
    'was)] };',
  ),
  mutant(
    'calls its model whatever the day has left',
    'budgets are never exceeded',
    money,
    'if (passes(day, dayBudgetUsd))',
    'if (usd > dayBudgetUsd)',
  ),
];
