import { z } from '@hono/zod-openapi';
import { targetOf } from '../../core/rigs/config.ts';
import { loadBead } from '../feed/records.ts';
import { pauseQueue, rejectMergeRequest, resumeQueue, retryMergeRequest } from '../refinery/commands.ts';
import { queueView } from '../refinery/queue-view.ts';
import { loadRig, rigNames, unknownRig } from '../rigs/load.ts';
import { shownBead } from './beads.ts';
import type { ApiDeps } from './deps.ts';
import { name, pageLimit } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { beadSchema, queueSchema, shown } from './views.ts';

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
  const { queue, open, candidates, ended } = picture;
  return shown(queueSchema, { ...queue, main: queue.lastMain, landing: queue.openLanding, open, candidates, ended });
}

export function queueRoutes(api: Api, deps: ApiDeps): void {
  const targetFor = async (rig: string, target: string | undefined) => {
    const { body } = await loadRig(deps.ledger, rig);
    return target ?? targetOf(body);
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
      method: 'post',
      path: '/v1/beads/{id}/merge-request/retry',
      name: 'retryMergeRequest',
      about: 'Put a rejected change back into the queue',
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
