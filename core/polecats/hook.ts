/** The hook: the durable assignment of a bead to a polecat, written before the polecat is launched, never after. */
import type { Bead } from '../convoys/bead.ts';
import { saveBead } from '../convoys/save-bead.ts';
import { keys } from '../keys.ts';
import { limits } from '../limits.ts';
import type { Instant, Item } from '../ports.ts';
import { asJson, create, type Step } from '../step.ts';
import { type Beat, branchOf, type Polecat } from './polecat.ts';

export interface Hook {
  readonly bead: Bead;
  readonly polecat: Polecat;
  readonly step: Step;
}

/** An admitted, open bead becomes the work of the polecat `name`. Conflicts if the name is alive. */
export function hookBead(
  was: Item<Bead>,
  given: { name: string; token: string; tokenHash: string },
  now: Instant,
): Hook {
  const { outcome: _, ...bead } = was.body;
  const attempt = bead.attempt + 1;
  const branch = branchOf(given.name, bead.id, attempt);
  const hooked: Bead = {
    ...bead,
    status: 'hooked',
    attempt,
    polecat: given.name,
    branch,
    hookedAt: now,
    wait: { for: 'work', token: given.token, run: bead.run },
  };
  const polecat: Polecat = {
    name: given.name,
    rig: bead.rig,
    bead: bead.id,
    attempt,
    branch,
    tokenHash: given.tokenHash,
    hookedAt: now,
    nudges: 0,
  };
  const beat: Beat = {
    bead: bead.id,
    attempt,
    at: now,
    state: 'starting',
    step: 'hooked',
    costUsd: 0,
    outputBytes: 0,
    activeAt: now,
    tail: '',
    logChunks: [],
  };
  const anyway = { any: true } as const;
  return {
    bead: hooked,
    polecat,
    step: {
      changes: [
        saveBead(was, hooked, now),
        create(keys.polecat(given.name), polecat, { attentionAt: now + limits.coldStartMs }),
        { put: { ...keys.beat(given.name), body: asJson(beat) }, expect: anyway },
        {
          put: { ...keys.polecatListing(given.name), body: asJson({ name: given.name, bead: bead.id, rig: bead.rig }) },
          expect: anyway,
        },
      ],
      events: [
        {
          kind: 'bead.hooked',
          who: 'fleet',
          text: `${given.name} took ${bead.id}: ${bead.title} (attempt ${attempt})`,
          bead: bead.id,
          convoy: bead.convoy,
          rig: bead.rig,
          attempt,
        },
      ],
    },
  };
}
