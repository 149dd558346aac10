import type { Convoy } from '../../core/convoys/convoy.ts';
import { openEscalation } from '../../core/escalations/open.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Item, Key } from '../../core/ports.ts';
import { noCapacity, workingIn } from '../../core/scheduler/records.ts';
import { recordOf, replace, type Step, together } from '../../core/step.ts';
import { type Dispatch, lineStuckCause, repairConvoy } from '../../core/witness/stuck.ts';
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
        return { step: repairConvoy(was, bodies, await dispatchOf(deps, was.body.rig), now), result: undefined };
      }
    }
  });

async function dispatchOf({ ledger }: Deps, rig: string): Promise<Dispatch> {
  const [estop, capacity, escalation] = await Promise.all([
    load.estop(ledger),
    load.capacity(ledger),
    load.escalation(ledger, lineStuckCause(rig)),
  ]);
  return {
    stopped: estop?.body.stopped ?? false,
    working: workingIn(capacity?.body ?? noCapacity, rig),
    escalation,
  };
}

/** Planning whose execution is lost starts again; one that waits for a human's approval keeps waiting. */
async function resumeIntent(deps: Deps, was: Item<Convoy>, now: Instant): Promise<Step> {
  const convoy = was.body;
  const attentionAt = now + limits.convoyStuckRepairMs;
  const status = await deps.workflows.describe('intent', `${convoy.id}_${convoy.run}`);
  if (status === 'running') return { changes: [replace(was, convoy, { attentionAt })] };
  const { token: _, ...rest } = convoy;
  const run = convoy.run + 1;
  const again: Step = {
    changes: [replace(was, { ...rest, run }, { attentionAt })],
    effects: [{ do: 'start_intent', convoy: convoy.id, run }],
  };
  return together(again, status === 'failed' ? await tellFailed(deps, convoy, now) : undefined);
}

const whyOf = ({ modelTrouble }: Convoy): string =>
  modelTrouble === undefined
    ? 'Its error is in Step Functions (on a laptop: in the log).'
    : `Why its model brought no plan: ${modelTrouble}.`;

/** Planning starts again whatever happens; one that failed may fail for ever, and nobody would know. */
async function tellFailed({ ledger }: Deps, convoy: Convoy, now: Instant): Promise<Step> {
  const cause = `convoy/${convoy.id}/planning-failed` as const;
  const alarm = {
    cause,
    severity: 'high' as const,
    title: `planning of convoy ${convoy.id} fails`,
    what: `The execution ${convoy.id}_${convoy.run} failed. ${whyOf(convoy)}`,
    tried: 'the next one has started; it may fail in the same way.',
    unattended: `it is tried again every ${limits.convoyStuckRepairMs / 60_000} minutes, and none of its work starts.`,
    command: `gt convoy cancel ${convoy.id}`,
    rig: convoy.rig,
    convoy: convoy.id,
  };
  return openEscalation(await load.escalation(ledger, cause), alarm, now);
}
