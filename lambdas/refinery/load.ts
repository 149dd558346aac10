/** Reads a queue: META first, so that whatever it is compared with later is at least as new. */
import type { Convoy } from '../../core/convoys/convoy.ts';
import { convoyOfBranch } from '../../core/convoys/integration.ts';
import { isCleared } from '../../core/convoys/tick.ts';
import { keys, partitions, prefixes } from '../../core/keys.ts';
import type { Instant, Ledger, Ports } from '../../core/ports.ts';
import type { Facts } from '../../core/refinery/plan.ts';
import { policyOf } from '../../core/refinery/policy.ts';
import type { Candidate, Landing, MergeRequest, Queue } from '../../core/refinery/records.ts';
import type { ToClose } from '../../core/refinery/to-close.ts';
import { indexed, type QueueView } from '../../core/refinery/view.ts';
import { configOf, targetOf } from '../../core/rigs/config.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { recordOf } from '../../core/step.ts';
import { load } from '../platform/load.ts';
import { queryAll } from '../platform/query-all.ts';

/** Nothing, if there is no such rig. Read again if another tick ended the open landing meanwhile: META says otherwise. */
export async function loadView(ledger: Ledger, rig: string, target: string): Promise<QueueView | undefined> {
  const view = await readView(ledger, rig, target);
  const epoch = view?.meta?.body.openLanding;
  const ended = view?.landings.some(
    ({ body }) => body.epoch === epoch && (body.state === 'done' || body.state === 'given_up'),
  );
  return ended ? readView(ledger, rig, target) : view;
}

async function readView(ledger: Ledger, rig: string, target: string): Promise<QueueView | undefined> {
  const meta = recordOf<Queue>(await ledger.get(keys.queue(rig, target)));
  const epochs = [
    ...(meta?.body.openLanding === undefined ? [] : [meta.body.openLanding]),
    ...(meta?.body.givenUp ?? []),
  ];
  const convoyId = convoyOfBranch(target);
  const [config, convoy, requests, candidates, ...landings] = await Promise.all([
    ledger.get(keys.rig(rig)),
    convoyId === undefined ? undefined : load.convoy(ledger, convoyId),
    queryAll<MergeRequest>(ledger, partitions.queue(rig, target), { prefix: prefixes.mergeRequests }),
    queryAll<Candidate>(ledger, partitions.queue(rig, target), { prefix: prefixes.candidates }),
    ...epochs.map((epoch) => ledger.get(keys.landing(rig, target, epoch))),
  ]);
  const found = recordOf<Rig>(config)?.body;
  if (!found) return undefined;
  const policy = policyOf(configOf(found));
  const prefix = prefixes.pullRequestsToClose;
  return {
    rig,
    target,
    remote: { rig, url: found.url },
    policy,
    toClose: policy.via === 'pr' ? await queryAll<ToClose>(ledger, partitions.queue(rig, target), { prefix }) : [],
    ...(convoy?.body.land === 'convoy' ? { integration: integrationOf(convoy.body, found) } : {}),
    meta,
    ...indexed(requests),
    candidates,
    landings: landings.flatMap((item) => recordOf<Landing>(item) ?? []),
  };
}

const integrationOf = (convoy: Convoy, rig: Rig): NonNullable<QueueView['integration']> => ({
  onto: targetOf(rig),
  over: convoy.status === 'landed' || isCleared(convoy),
});

/** What the fleet knows of the tasks that still owe a verdict. */
export async function loadTasks(fleet: Ports['fleet'], view: QueueView, now: Instant): Promise<Facts['tasks']> {
  const running = view.candidates.flatMap(({ body }) =>
    body.state === 'running' &&
    body.gatesPassedAt === undefined &&
    body.taskId !== undefined &&
    (body.deadline ?? 0) > now
      ? [body.taskId]
      : [],
  );
  if (running.length === 0) return new Map();
  return new Map((await fleet.list(running.slice(0, 100))).map((task) => [task.taskId, task.state]));
}
