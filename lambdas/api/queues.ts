import { z } from '@hono/zod-openapi';
import { refuse } from '../../core/errors.ts';
import { clip, didYouMean, suggester } from '../../core/nearest.ts';
import { targetOf } from '../../core/rigs/config.ts';
import { loadBead } from '../feed/records.ts';
import { pauseQueue, rejectMergeRequest, resumeQueue, retryMergeRequest } from '../refinery/commands.ts';
import { changeView, queueView } from '../refinery/queue-view.ts';
import { targetsOf } from '../rigs/commands.ts';
import { loadRig, rigNames, unknownRig } from '../rigs/load.ts';
import { shownBead } from './beads.ts';
import type { ApiDeps } from './deps.ts';
import { name, pageLimit } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { beadSchema, changeSchema, queueSchema, shown } from './views.ts';

const tag = 'merge queue';
const params = z.object({ rig: name });
const targetQuery = z.strictObject({
  target: name.optional().openapi({ description: 'Default: the branch that the rig lands on' }),
});
const endedShown = 20;
const because = z.string().min(1).max(500);

async function viewOf(deps: ApiDeps, rig: string, target: string, endedMax: number) {
  const picture = await queueView(deps, rig, target, endedMax);
  if (!picture) throw unknownRig(rig, await rigNames(deps.ledger));
  const { queue, account, open, ended } = picture;
  const { runs: candidates, ...figures } = account;
  const { lastMain: main, openLanding: landing, ...record } = queue;
  return shown(queueSchema, { ...record, main, landing, ...figures, candidates, open, ended });
}

export function queueRoutes(api: Api, deps: ApiDeps): void {
  const targetFor = async (name: string, target: string | undefined) => {
    const { body: rig } = await loadRig(deps.ledger, name);
    if (target === undefined) return targetOf(rig);
    const known = await targetsOf(deps.ledger, rig);
    if (known.includes(target)) return target;
    const near = didYouMean(suggester(known)(target));
    throw refuse(
      404,
      'TARGET_UNKNOWN',
      `Nothing of ${name} lands on "${clip(target)}".${near}`,
      `Its merge queues are those of ${known.join(', ')}.`,
    );
  };

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/rigs/{rig}/queue',
      name: 'showQueue',
      about: 'The merge queue of a rig: what is being tested, the line in its order, and what ended last',
      tag,
      params,
      query: targetQuery.extend({ ended: pageLimit(20).openapi({ description: 'At most so many that have ended' }) }),
      answer: queueSchema,
    },
    async ({ params: { rig }, query }) => viewOf(deps, rig, await targetFor(rig, query.target), query.ended),
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/rigs/{rig}/queue/pause',
      name: 'pauseQueue',
      about: 'Land nothing until resumed; what is being tested goes on',
      tag,
      params,
      query: targetQuery,
      body: z.strictObject({ because }),
      answer: queueSchema,
    },
    async ({ params: { rig }, query, body, caller }) => {
      const target = await targetFor(rig, query.target);
      await pauseQueue(deps, rig, target, { by: caller, because: body.because });
      return viewOf(deps, rig, target, endedShown);
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/rigs/{rig}/queue/resume',
      name: 'resumeQueue',
      about: 'Land again',
      tag,
      params,
      query: targetQuery,
      answer: queueSchema,
    },
    async ({ params: { rig }, query, caller }) => {
      const target = await targetFor(rig, query.target);
      await resumeQueue(deps, rig, target, caller);
      return viewOf(deps, rig, target, endedShown);
    },
  );

  const bead = async (id: string) => shownBead(await loadBead(deps.ledger, id));

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/beads/{id}/merge-request',
      name: 'showMergeRequest',
      about: 'The change of a bead: where it is, what was tested with it, what failed, and what happens next',
      tag,
      params: z.object({ id: name }),
      answer: changeSchema,
    },
    async ({ params: { id } }) => {
      const { mergeRequest, rig, target, status } = await loadBead(deps.ledger, id);
      const change = mergeRequest === undefined ? undefined : await changeView(deps, rig, target, mergeRequest);
      if (!change)
        throw refuse(
          404,
          'MERGE_REQUEST_NONE',
          `${id} ${mergeRequest === undefined ? 'has handed no change in' : 'has a change whose record is gone'}: the bead is ${status}.`,
          `gt why ${id} says what it waits for.`,
        );
      const { request, ...account } = change;
      return shown(changeSchema, { rig, target, ...request, ...account });
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/beads/{id}/merge-request/retry',
      name: 'retryMergeRequest',
      about: 'Put a change that waits forward: no rest, nothing held against it, and let go if it waits for a human',
      tag,
      params: z.object({ id: name }),
      answer: beadSchema,
    },
    async ({ params: { id }, caller }) => {
      await bead(id);
      await retryMergeRequest(deps, id, caller);
      return bead(id);
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/beads/{id}/merge-request/reject',
      name: 'rejectMergeRequest',
      about: 'Take a change out of the queue; its bead goes back with the reason',
      tag,
      params: z.object({ id: name }),
      body: z.strictObject({ because }),
      answer: beadSchema,
    },
    async ({ params: { id }, body, caller }) => {
      await bead(id);
      await rejectMergeRequest(deps, id, { by: caller, because: body.because });
      return bead(id);
    },
  );
}
