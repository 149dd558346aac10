/** Bugs of scheduler, convoys, molecules and polecats. */
import { type Mutant, mutant } from './mutant.ts';

const admit = 'core/scheduler/admit.ts';
const tick = 'core/convoys/tick.ts';
const ladder = 'core/molecules/ladder.ts';
const ends = 'core/polecats/end-attempt.ts';
const fleet = 'lambdas/polecats/fleet.ts';
const protocol = 'lambdas/polecats/protocol.ts';

export const ofBeads: readonly Mutant[] = [
  mutant(
    'admits while the town is stopped',
    'estop is obeyed',
    admit,
    'if (seen.switch?.body.stopped) return',
    "if (seen.switch?.body.by === '') return",
  ),
  mutant(
    'lets one polecat too many into a rig',
    'caps are never exceeded',
    admit,
    'if (inRig >= caps.polecatsPerRig)',
    'if (inRig > caps.polecatsPerRig)',
  ),
  mutant(
    'lets one polecat too many into the town',
    'caps are never exceeded',
    admit,
    'if (inTown >= caps.polecatsPerTown)',
    'if (inTown > caps.polecatsPerTown)',
  ),
  mutant(
    'spends more than the day allows',
    'budgets are never exceeded',
    admit,
    'if (left > 0 && asked > caps.dayBudgetUsd)',
    'if (left > caps.dayBudgetUsd)',
  ),
  mutant(
    'spends more than a convoy may',
    'budgets are never exceeded',
    admit,
    'sumUsd([convoy.spentUsd, convoy.reservedUsd, left]) <= convoyBudgetUsd',
    'left <= convoyBudgetUsd',
  ),
  mutant(
    'forgets what a lost polecat was about to spend',
    'what models cost is booked',
    'core/polecats/polecat.ts',
    'beat === undefined ? 0 : roundedUsd(beat.costUsd + (beat.heldUsd ?? 0))',
    'beat === undefined ? 0 : beat.costUsd',
  ),
  mutant('leaks a slot', 'a slot comes back', ends, 'bead.rig, -1)),', 'bead.rig, 0)),'),
  mutant(
    'keeps what was reserved',
    'a reservation comes back',
    ends,
    'reservedUsd: Math.max(0, roundedUsd(was.reservedUsd - reservedUsd)),',
    'reservedUsd: was.reservedUsd,',
  ),
  mutant(
    'a cancelled bead keeps its slot',
    'who has ended holds nothing',
    'core/convoys/cancel.ts',
    'const released = releaseSlot(was.body, holdings, spentUsd);',
    'const released = { bead: was.body, changes: [] };',
  ),
  mutant(
    'loses a place in line',
    'who stands in line has a place there',
    admit,
    'if (!bead || !standsHere(bead.body, place)) {',
    'if (!bead || !standsHere(bead.body, place) || bead.body.attempt > 0) {',
  ),
  mutant(
    'starts a dependent early',
    'no dependent starts before all of its needs are merged',
    tick,
    'if (!bead.needs.every((need) => merged.has(need))) return [];',
    'if (bead.needs.length > 0 && !bead.needs.some((need) => merged.has(need))) return [];',
  ),
  mutant(
    'counts a failed bead as landed',
    'convoy counts are right',
    tick,
    "landed: count((bead) => bead.status === 'closed'),",
    "landed: count((bead) => bead.status === 'closed' || bead.status === 'failed'),",
  ),
  mutant(
    'closes a convoy with its first bead',
    'a convoy is closed when its work is done',
    tick,
    'if (done === progress.total && progress.total > 0)',
    'if (progress.landed > 0)',
  ),
  mutant(
    'closes a convoy twice',
    'a convoy is closed exactly once',
    tick,
    "(convoy.status === 'open' || convoy.status === 'stalled')",
    "convoy.status !== 'cancelled'",
    {
      file: tick,
      find: 'if (status === convoy.status && !moved &&',
      replace: "if (status === convoy.status && status !== 'landed' && !moved &&",
    },
  ),
  mutant(
    'misses who is blocked at a distance',
    'a bead that can never start is called blocked',
    tick,
    'blocked.add(dependent);\n      reached.push(dependent);',
    'blocked.add(dependent);',
  ),
  mutant(
    'never unblocks a bead',
    'a retried need sets its dependents free',
    tick,
    'if (blocked.has(bead.id) !== bead.blockedForGood) {',
    'if (blocked.has(bead.id) && !bead.blockedForGood) {',
  ),
  mutant(
    'makes two convoys of one intent',
    'one key is one intent',
    'lambdas/intents/submit.ts',
    'if (before?.convoy) return { convoy: before.convoy, repeated: true };',
    '',
    {
      file: 'lambdas/intents/submit.ts',
      find: 'if (seen?.convoy) return { result: { convoy: seen.convoy, repeated: true } };',
      replace: '',
    },
  ),
  mutant('forgets to count a failure', 'every rung has a count', ladder, 'failures: failures + 1,', 'failures,'),
  mutant(
    'skips the last rung',
    'the ladder ends where the rig says',
    ladder,
    'if (counted.failures > same + fresh)',
    'if (counted.failures >= same + fresh)',
  ),
  mutant(
    'blames a bead for its host',
    'a death that is nobody’s fault costs no rung',
    ladder,
    "if (cause === 'infrastructure') return { failures, respawns, infraDeaths: infraDeaths + 1 };",
    '',
  ),
  mutant(
    'forgets to rest',
    'every retry has its rest',
    'core/molecules/next.ts',
    'if (bead.restUntil !== undefined && bead.restUntil > now) return rest(bead.restUntil, now);',
    '',
  ),
  mutant(
    'gives a bead up and tells nobody',
    'what failed for good is told to a human',
    'core/molecules/next.ts',
    '},\n      openEscalation(seen.escalation, alarm, now),\n    ),\n  };\n}\n\nconst wakeConvoy',
    '},\n    ),\n  };\n}\n\nconst wakeConvoy',
  ),
  mutant(
    'takes the report of an older attempt',
    'the attempt is the fence',
    'lambdas/polecats/end.ts',
    "if (!bead || bead.body.attempt !== attempt) return { result: 'superseded' };",
    "if (!bead) return { result: 'superseded' };",
    {
      file: protocol,
      find: "return at !== undefined && tokenHash !== '' && at.polecat.body.tokenHash === tokenHash;",
      replace: 'return at !== undefined;',
    },
    {
      file: protocol,
      find: 'if (!bead || bead.body.attempt !== attempt || bead.body.polecat === undefined ||',
      replace: 'if (!bead || bead.body.polecat === undefined ||',
    },
    {
      file: protocol,
      find: 'if (!polecat || polecat.body.bead !== id || polecat.body.attempt !== attempt) return undefined;',
      replace: 'if (!polecat) return undefined;',
    },
  ),
  mutant(
    'hooks a bead that is at work',
    'a repeated message launches nothing new',
    fleet,
    "if (bead.status === 'hooked' || bead.status === 'in_progress') return takeOver(was, token, now);\n    if (bead.status !== 'open' || bead.admittedAt === undefined) return letGo(token);",
    'if (bead.admittedAt === undefined) return letGo(token);',
    {
      file: 'core/convoys/bead.ts',
      find: 'if (from !== to && !nextBeadStatuses[from].includes(to))',
      replace: "if (from !== to && to !== 'hooked' && !nextBeadStatuses[from].includes(to))",
    },
  ),
  mutant(
    'launches each repeat as another task',
    'a repeated launch is the same task',
    fleet,
    'clientToken: tokenOf(text),',
    'clientToken: tokenOf(text + deps.ids.ulid()),',
  ),
  mutant(
    'keeps the record of a polecat that is gone',
    'a bead has one polecat',
    ends,
    'changes: [remove(polecat), { delete: keys.polecatListing(polecat.body.name), expect: { any: true } }],',
    'changes: [],',
  ),
  mutant(
    'starts a lost molecule under its old number',
    'a lost execution is replaced by the next run',
    'core/molecules/start-again.ts',
    'const run = bead.run + 1;',
    'const run = bead.run;',
  ),
];
