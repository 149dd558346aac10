import { z } from '@hono/zod-openapi';
import { planSchema } from '../../core/convoys/plan.ts';
import { landingReport } from '../../core/convoys/report.ts';
import { spentUsd } from '../../core/convoys/spending.ts';
import { sumUsd } from '../../core/costs/rounded.ts';
import { graphOf } from '../../core/feed/graph.ts';
import { cancelConvoy, retryConvoy } from '../convoys/commands.ts';
import { spendingNow } from '../feed/costs.ts';
import { listConvoys } from '../feed/listing.ts';
import { beadsOf, loadConvoy } from '../feed/records.ts';
import { approveConvoy } from '../intents/approve.ts';
import { editPlan, readPlan, rejectPlan } from '../intents/review.ts';
import { shownBead } from './beads.ts';
import type { ApiDeps } from './deps.ts';
import { name, pageLimit } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { anyJson, convoyDetailSchema, convoySchema, graphSchema, shown, shownConvoy, withMayorUsd } from './views.ts';

const params = z.object({ id: name });
const tag = 'convoys';

const listQuery = z.strictObject({
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'expected YYYY-MM')
    .optional(),
  cursor: z.string().max(200).optional().openapi({ description: '`next` of the page before' }),
  limit: pageLimit(20),
});

export function convoyRoutes(api: Api, deps: ApiDeps): void {
  const convoy = async (id: string) => shownConvoy(await loadConvoy(deps.ledger, id));

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/convoys',
      name: 'listConvoys',
      about: 'Convoys, newest first',
      tag,
      query: listQuery,
      answer: z.object({ convoys: z.array(convoySchema), next: z.string().optional() }),
    },
    async ({ query }) => {
      const page = await listConvoys(deps.ledger, { now: deps.clock.now(), ...query });
      return { ...page, convoys: page.convoys.map(shownConvoy) };
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/convoys/{id}',
      name: 'showConvoy',
      about: 'A convoy and its beads',
      tag,
      params,
      answer: convoyDetailSchema,
    },
    async ({ params: { id } }) => {
      const found = await loadConvoy(deps.ledger, id);
      const beads = await beadsOf(deps.ledger, id);
      const running = await Promise.all(beads.map((bead) => spendingNow(deps.ledger, bead)));
      return shown(convoyDetailSchema, {
        ...withMayorUsd(found),
        beads: beads.map((bead, i) => ({ ...shownBead(bead), runningUsd: running[i] })),
        costUsd: spentUsd(found, beads),
        runningUsd: sumUsd(running),
        ...(found.status === 'landed' ? { report: landingReport(found, beads) } : {}),
      });
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/convoys/{id}/graph',
      name: 'convoyGraph',
      about: 'Which bead needs which',
      tag,
      params,
      answer: graphSchema,
    },
    async ({ params: { id } }) => {
      await convoy(id);
      return shown(graphSchema, graphOf(await beadsOf(deps.ledger, id)));
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/convoys/{id}/plan',
      name: 'showPlan',
      about: 'Its plan, as PUT takes it; of a convoy that got none, the last one that was refused',
      tag,
      params,
      answer: anyJson,
    },
    ({ params: { id } }) => readPlan(deps, id),
  );

  endpoint(
    api,
    {
      method: 'put',
      path: '/v1/convoys/{id}/plan',
      name: 'editPlan',
      about: 'Take this plan instead, while the convoy waits for approval',
      tag,
      params,
      body: planSchema,
      answer: convoySchema,
    },
    async ({ params: { id }, body, caller }) => {
      await editPlan(deps, id, body, caller);
      return convoy(id);
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/convoys/{id}/reject',
      name: 'rejectPlan',
      about: 'Send a model’s plan back with a comment: another is made',
      tag,
      params,
      body: z.strictObject({ comment: z.string().trim().min(1).max(4000) }),
      answer: convoySchema,
    },
    async ({ params: { id }, body, caller }) => {
      await convoy(id);
      await rejectPlan(deps, id, body.comment, caller);
      return convoy(id);
    },
  );

  const commands = [
    { verb: 'launch', name: 'launchConvoy', about: 'Approve a staged convoy', run: approveConvoy },
    { verb: 'cancel', name: 'cancelConvoy', about: 'Cancel what has not landed', run: cancelConvoy },
    {
      verb: 'retry',
      name: 'retryConvoy',
      about: 'Open a stalled convoy again, with its failed beads',
      run: retryConvoy,
    },
  ];
  for (const command of commands) {
    endpoint(
      api,
      {
        method: 'post',
        path: `/v1/convoys/{id}/${command.verb}`,
        name: command.name,
        about: command.about,
        tag,
        params,
        answer: convoySchema,
      },
      async ({ params: { id }, caller }) => {
        await convoy(id);
        await command.run(deps, id, caller);
        return convoy(id);
      },
    );
  }
}
