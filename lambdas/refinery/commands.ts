/** `gt mq pause | resume | retry | reject`: between the ticks, by the same rule: META as it was read, or look again. */
import { refuse } from '../../core/errors.ts';
import { closeEscalation } from '../../core/escalations/close.ts';
import type { BeadId } from '../../core/keys.ts';
import type { Instant, Item } from '../../core/ports.ts';
import { pause, rejectByHand, resume, retry } from '../../core/refinery/command.ts';
import { noLongerHeld } from '../../core/refinery/held.ts';
import { hasEndedRequest, type MergeRequest } from '../../core/refinery/records.ts';
import type { QueueView } from '../../core/refinery/view.ts';
import { requestOf } from '../../core/refinery/view.ts';
import { type Step, together } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { loadView } from './load.ts';

export interface Order {
  readonly by: string;
  readonly because: string;
}

export const pauseQueue = (deps: CommandDeps, rig: string, target: string, order: Order): Promise<void> =>
  change(deps, rig, target, (view, now) => pause(view, order.by, order.because, now));

export const resumeQueue = (deps: CommandDeps, rig: string, target: string, by: string): Promise<void> =>
  change(deps, rig, target, (view, now) => resume(view, by, now));

export const retryMergeRequest = (deps: CommandDeps, bead: BeadId, by: string): Promise<void> =>
  changeRequest(deps, bead, (view, was, now) => retry(view, was, by, now));

export const rejectMergeRequest = (deps: CommandDeps, bead: BeadId, order: Order): Promise<void> =>
  changeRequest(deps, bead, (view, was, now) => rejectByHand(view, was, order.by, order.because, now));

const change = (
  deps: CommandDeps,
  rig: string,
  target: string,
  decide: (view: QueueView, now: Instant) => Step,
): Promise<void> =>
  runCommand<void>(deps, `queue of ${rig} ${target}`, async (now) => {
    const view = await loadView(deps.ledger, rig, target);
    if (!view) throw refuse(404, 'RIG_UNKNOWN', `There is no rig "${rig}".`, 'gt rig list shows those there are.');
    const step = decide(view, now);
    const over = await Promise.all(
      noLongerHeld(view, step.changes).map((cause) => load.escalation(deps.ledger, cause)),
    );
    return { step: together(step, ...over.map((alarm) => closeEscalation(alarm, 'town', now))), result: undefined };
  });

async function changeRequest(
  deps: CommandDeps,
  id: BeadId,
  decide: (view: QueueView, was: Item<MergeRequest>, now: Instant) => Step,
): Promise<void> {
  const bead = (await load.bead(deps.ledger, id))?.body;
  if (!bead?.mergeRequest) throw notInQueue(id);
  const { mergeRequest, rig, target } = bead;
  await change(deps, rig, target, (view, now) => {
    const was = requestOf(view, mergeRequest);
    if (!was || hasEndedRequest(was.body)) throw notInQueue(id);
    return decide(view, was, now);
  });
}

const notInQueue = (id: BeadId) =>
  refuse(
    409,
    'MERGE_REQUEST_ENDED',
    `${id} has no change in the merge queue.`,
    `gt why ${id} says where it is. One that was rejected goes on as a bead, which retries it by itself; at once with gt sling ${id}.`,
  );
