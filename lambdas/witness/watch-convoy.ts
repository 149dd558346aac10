import type { Convoy } from '../../core/convoys/convoy.ts';
import { limits } from '../../core/limits.ts';
import type { Item, Key } from '../../core/ports.ts';
import { recordOf, replace, type Step } from '../../core/step.ts';
import { convoyStuckCause, repairConvoy } from '../../core/witness/stuck.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import type { WitnessDeps } from './witness.ts';

type Deps = Pick<WitnessDeps, 'ledger' | 'workflows' | 'clock' | 'ids'>;

export const watchConvoy = (deps: Deps, key: Key): Promise<void> =>
  runCommand<void>(deps, `watch of ${key.pk}`, async (now) => {
    const was = recordOf<Convoy>(await deps.ledger.get(key));
    if (!was) return { result: undefined };
    switch (was.body.status) {
      case 'planning':
      case 'staged':
        return { step: await resumeIntent(deps, was, now), result: undefined };
      case 'landed':
        return { result: undefined };
      default: {
        const beads = await load.beads(deps.ledger, was.body.id);
        const bodies = beads.map((bead) => bead.body);
        const escalation = await load.escalation(deps.ledger, convoyStuckCause(was.body.id));
        return { step: repairConvoy(was, bodies, escalation, now), result: undefined };
      }
    }
  });

/** Planning whose execution is lost starts again; one that waits for a human's approval keeps waiting. */
async function resumeIntent(deps: Deps, was: Item<Convoy>, now: number): Promise<Step> {
  const convoy = was.body;
  const attentionAt = now + limits.convoyStuckRepairMs;
  const status = await deps.workflows.describe('intent', `${convoy.id}_${convoy.run}`);
  if (status === 'running') return { changes: [replace(was, convoy, { attentionAt })] };
  const { token: _, ...rest } = convoy;
  const run = convoy.run + 1;
  return {
    changes: [replace(was, { ...rest, run }, { attentionAt })],
    effects: [{ do: 'start_intent', convoy: convoy.id, run }],
  };
}
