import { z } from '@hono/zod-openapi';
import { keys, partitions, prefixes } from '../../core/keys.ts';
import type { Candidate, MergeRequest, Queue } from '../../core/refinery/records.ts';
import { targetOf } from '../../core/rigs/config.ts';
import { recordOf } from '../../core/step.ts';
import { loadBead } from '../feed/records.ts';
import { pauseQueue, rejectMergeRequest, resumeQueue, retryMergeRequest } from '../refinery/commands.ts';
import { loadRig } from '../rigs/load.ts';
import { shownBead } from './beads.ts';
import type { ApiDeps } from './deps.ts';
import { name, pageLimit } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { beadSchema, candidateSchema, mergeRequestSchema, queueSchema, shown } from './views.ts';

const tag = 'merge queue';
const params = z.object({ rig: name });
const targetQuery = z.strictObject({
  target: name.optional().openapi({ description: 'Default: the branch that the rig lands on' }),
});
const because = z.string().min(1).max(500);
const openCandidates: ReadonlySet<string> = new Set(['planned', 'built', 'running', 'infra', 'passed']);

/** A queue, with its newest merge requests and the candidates under way. */
async function viewOf({ ledger }: ApiDeps, rig: string, target: string, limit: number) {
  const pk = partitions.queue(rig, target);
  const [meta, requests, candidates] = await Promise.all([
    ledger.get(keys.queue(rig, target)),
    ledger.query(pk, { prefix: prefixes.mergeRequests, reverse: true, limit }),
    ledger.query(pk, { prefix: prefixes.candidates, reverse: true, limit: 20 }),
  ]);
  const queue = recordOf<Queue>(meta)?.body;
  const mergeRequests = requests.items.flatMap((item) => recordOf<MergeRequest>(item)?.body ?? []);
  const running = candidates.items
    .flatMap((item) => recordOf<Candidate>(item)?.body ?? [])
    .filter((candidate) => openCandidates.has(candidate.state));
  return shown(queueSchema, {
    rig,
    target,
    paused: queue?.paused,
    main: queue?.lastMain,
    landing: queue?.openLanding,
    landedCount: queue?.landedCount ?? 0,
    runsCount: queue?.runsCount ?? 0,
    progressAt: queue?.progressAt,
    mergeRequests: mergeRequests.reverse().map((request) => shown(mergeRequestSchema, request)),
    candidates: running.map((candidate) => shown(candidateSchema, candidate)),
  });
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
      about: 'The merge queue of a rig: its newest changes, oldest first, and what is being tested',
      tag,
      params,
      query: targetQuery.extend({ limit: pageLimit(100) }),
      answer: queueSchema,
    },
    async ({ params: { rig }, query }) => viewOf(deps, rig, await targetFor(rig, query.target), query.limit),
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
      return viewOf(deps, rig, target, 100);
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
      return viewOf(deps, rig, target, 100);
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
