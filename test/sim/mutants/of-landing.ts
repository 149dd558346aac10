/** Bugs around main: what is pushed, when, and what is believed of it afterwards. */
import { type Mutant, mutant } from './mutant.ts';

const landing = 'core/refinery/landing.ts';
const pushing = 'lambdas/refinery/landing.ts';

export const ofLanding: readonly Mutant[] = [
  mutant(
    'skips the re-read after a push',
    'main, read again, decides what became of a landing',
    pushing,
    'const main = await readMain(tick, view);\n  const standing',
    'const main = answer ? landing.to : await readMain(tick, view);\n  const standing',
  ),
  mutant(
    'treats an unknown answer as pushed',
    'main, read again, decides what became of a landing',
    pushing,
    'const standing = await standingOf(tick, view, landing, main);',
    "const standing = answer?.pushed === 'unknown' ? 'contains' : await standingOf(tick, view, landing, main);",
  ),
  mutant(
    'takes any move of main for its own',
    'a landing is done when main contains it',
    pushing,
    "if ((await repo.isAncestor(view.remote, to, main)) === true) return 'contains';",
    "if ((await repo.isAncestor(view.remote, from, main)) === true) return 'contains';",
  ),
  mutant(
    'drops the lease',
    'a foreign push is never overwritten',
    'test/sim/git/repo.ts',
    'return send(origin, { ref, to, lease: from }, fateOf);',
    "return send(origin, { ref, to, lease: origin.at(ref)?.oid ?? 'absent' }, fateOf);",
  ),
  mutant(
    'lands the untested half',
    'what lands is what was tested',
    landing,
    'to: candidate.commit,\n    candidate:',
    'to: candidate.members[0]?.commit ?? candidate.commit,\n    candidate:',
  ),
  mutant(
    'lands on a main that has moved',
    'main is the base, or a prefix of the chain',
    pushing,
    'if (main === undefined || !fastForwards(candidate, main))',
    'if (main === undefined)',
    {
      file: landing,
      find: 'queue.openLanding !== undefined ||\n    !fastForwards(candidate, main)',
      replace: 'queue.openLanding !== undefined',
    },
  ),
  mutant(
    'ignores that a head has moved',
    'the head that was submitted is the head that is merged',
    pushing,
    'if (gone.length > 0) return commit(leaveOut(view, was, gone, now));',
    '',
  ),
  mutant(
    'lands what was cancelled',
    'a request whose bead has moved on may not land',
    pushing,
    'if (stale.length > 0) return commit(withdrawStale(view, stale, now));\n  const refs',
    'const refs',
    { file: landing, find: '...beads.slice(0, limits.beadsGuardedMax).map((bead) => guard(bead, bead)),', replace: '' },
    {
      file: 'core/convoys/cancel.ts',
      find: "if (!was || !nextMergeRequestStates[was.body.state].includes('withdrawn')) return undefined;",
      replace: 'if (was) return undefined;',
    },
  ),
  mutant(
    'settles beads before the push',
    'notifications and closings are effects of "done"',
    landing,
    '...beads.slice(0, limits.beadsGuardedMax).map((bead) => guard(bead, bead)),\n      ],',
    `...beads.slice(0, limits.beadsGuardedMax).map((bead) => guard(bead, bead)),
      ],
      effects: landing.members.map(({ bead, attempt, commit }) => ({
        do: 'settle_bead' as const, bead, attempt, outcome: { kind: 'landed' as const, commit },
      })),`,
  ),
  mutant(
    'forgets a landing that was given up',
    'given-up landings are checked at every re-read',
    landing,
    '...(isRemembered ? { givenUp: [...(queueOf(view, now).givenUp ?? []), was.body.epoch] } : {}),',
    '',
    {
      file: 'lambdas/refinery/already-there.ts',
      find: "if (!member || why.fault !== 'empty' || why.with !== 'base') continue;",
      replace: 'continue;',
    },
  ),
  mutant(
    'tells nobody that a change has landed',
    'every submitted bead hears what became of its change',
    landing,
    'effects: [settle],\n    events: [event],\n  };\n}\n\nfunction landedRequest',
    'effects: [],\n    events: [event],\n  };\n}\n\nfunction landedRequest',
  ),
  mutant(
    'counts a landed change as joined',
    'every open request is in exactly one place',
    'core/refinery/planner/board.ts',
    'chains, joined: left, passedSinceCulprit: true',
    'chains, joined: board.joined, passedSinceCulprit: true',
  ),
];
