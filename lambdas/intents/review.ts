/** What a human may do with a plan besides approving it: read it, send it back, or hand in another one. */
import type { Convoy } from '../../core/convoys/convoy.ts';
import { type Plan, validatePlan } from '../../core/convoys/plan.ts';
import { planOfBeads } from '../../core/convoys/plan-of-beads.ts';
import { stalledCause } from '../../core/convoys/tick.ts';
import { refuse, refuseAll } from '../../core/errors.ts';
import { closeEscalation } from '../../core/escalations/close.ts';
import { planAgain } from '../../core/intents/planning.ts';
import type { ConvoyId } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Item, Json, Ports } from '../../core/ports.ts';
import { type Step, together } from '../../core/step.ts';
import { loadConvoy, specOf } from '../feed/records.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { rigNames } from '../rigs/load.ts';

type ReviewDeps = CommandDeps & Pick<Ports, 'blobs'>;

/** The plan that waits for approval; of a convoy whose planning was given up, the last one that was refused. */
export async function readPlan(deps: ReviewDeps, id: ConvoyId): Promise<Json> {
  const convoy = await loadConvoy(deps.ledger, id);
  const last = convoy.launchedAt === undefined && convoy.faults ? convoy.planning?.last : undefined;
  if (last !== undefined) return JSON.parse(new TextDecoder().decode(await deps.blobs.get(last))) as Json;
  const beads = await load.beads(deps.ledger, id);
  const read = beads.map(async ({ body: bead }) => ({ bead, spec: await specOf(deps, bead.id) }));
  return planOfBeads(convoy.title, await Promise.all(read)) as unknown as Json;
}

/**
 * Sends a model's plan back: another is made, with what the human said. Saying the same again while it is made changes
 * nothing, and neither is done to a convoy that is not there. Throws CONVOY_NOT_STAGED, and PLAN_BY_HAND of a checklist's plan.
 */
export const rejectPlan = (deps: ReviewDeps, id: ConvoyId, comment: string, by: string): Promise<void> =>
  runCommand<void>(deps, `rejection of ${id}`, async (now) => {
    const was = await load.convoy(deps.ledger, id);
    if (!was) return { result: undefined };
    const { status, planning } = was.body;
    if (status === 'planning' && planning?.comment === comment) return { result: undefined };
    checkStaged(was.body, planning !== undefined);
    if (!planning)
      throw refuse(
        409,
        'PLAN_BY_HAND',
        `The plan of convoy ${id} is the checklist itself: nobody would make another.`,
        `Change it: gt convoy edit ${id} --file <plan.json>.`,
      );
    const text = `${by} sent the plan of ${id} back: ${comment}`;
    return { step: await again(deps, was, { comment }, by, text, now), result: undefined };
  });

/** Takes this plan instead, checked as any other, with all its faults at once (422). Its beads are written as those of any plan. */
export async function editPlan(deps: ReviewDeps, id: ConvoyId, plan: Plan, by: string): Promise<void> {
  const { rig: name } = await loadConvoy(deps.ledger, id);
  const { config } = await load.rigConfig(deps.ledger, name);
  const town = { rig: name, rigs: await rigNames(deps.ledger), runtime: config['agent.runtime'] };
  const faults = validatePlan(plan, limits, town);
  if (faults.length > 0) throw refuseAll(422, 'PLAN_INVALID', faults);
  const draft = await deps.blobs.put(new TextEncoder().encode(JSON.stringify(plan)), 'application/json');
  await runCommand<void>(deps, `edit of ${id}`, async (now) => {
    const was = await load.convoy(deps.ledger, id);
    if (!was) return { result: undefined };
    if (was.body.status === 'planning' && was.body.draft === draft) return { result: undefined };
    checkStaged(was.body, true);
    const text = `${by} changed the plan of ${id}`;
    return { step: await again(deps, was, { draft }, by, text, now), result: undefined };
  });
}

/** What the human was told of the plan that was given up is over. */
async function again(
  deps: ReviewDeps,
  was: Item<Convoy>,
  given: { comment: string } | { draft: string },
  by: string,
  text: string,
  now: Instant,
): Promise<Step> {
  const alarm = await load.escalation(deps.ledger, stalledCause(was.body.id));
  return together(planAgain(was, given, by, text, now), closeEscalation(alarm, by, now));
}

/** `givenUp`: also one whose planning was given up. */
function checkStaged(convoy: Convoy, givenUp: boolean): void {
  const { id, status, faults } = convoy;
  if (status === 'staged' || (givenUp && status === 'stalled' && faults !== undefined)) return;
  const what = `Convoy ${id} is ${status}.`;
  throw refuse(409, 'CONVOY_NOT_STAGED', what, `A plan is changed while it waits for approval: gt convoy show ${id}.`);
}
