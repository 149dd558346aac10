import { z } from '@hono/zod-openapi';
import type { Bead } from '../../core/convoys/bead.ts';
import { refuse } from '../../core/errors.ts';
import { moleculeView } from '../../core/molecules/view.ts';
import { closeBead, slingBead } from '../convoys/commands.ts';
import { spendingNow } from '../feed/costs.ts';
import { listConvoys } from '../feed/listing.ts';
import { beadsOf, findBead, historyOf, lineOf, loadBead, loadConvoy, specOf } from '../feed/records.ts';
import { load } from '../platform/load.ts';
import { loadRig } from '../rigs/load.ts';
import type { ApiDeps } from './deps.ts';
import { name, pageLimit } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { beadDetailSchema, beadSchema, moleculeViewSchema, shown } from './views.ts';

const params = z.object({ id: name });
const tag = 'beads';

const listQuery = z.strictObject({
  rig: name.optional(),
  convoy: name.optional(),
  ready: z
    .enum(['true', 'false'])
    .optional()
    .openapi({ description: 'Only those that stand in the rig’s line, in order' }),
  limit: pageLimit(200),
});

const over: ReadonlySet<Bead['status']> = new Set(['closed', 'failed', 'cancelled']);

/** A molecule waits for its last token until it ends, a moment after its bead: nobody else waits for that. */
export const shownBead = (bead: Bead) =>
  shown(beadSchema, { ...bead, waitsFor: over.has(bead.status) ? undefined : bead.wait?.for });

export function beadRoutes(api: Api, deps: ApiDeps): void {
  const bead = async (id: string) => shownBead(await loadBead(deps.ledger, id));

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/beads',
      name: 'listBeads',
      about: 'Beads of a convoy, or those of a rig that are ready or not yet ended',
      tag,
      query: listQuery,
      answer: z.object({ beads: z.array(beadSchema) }),
    },
    async ({ query }) => ({ beads: (await beadsFor(deps, query)).slice(0, query.limit).map(shownBead) }),
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/beads/{id}',
      name: 'showBead',
      about: 'A bead, what it asks for, and its history',
      tag,
      params,
      answer: beadDetailSchema,
    },
    async ({ params: { id } }) => {
      const found = await loadBead(deps.ledger, id);
      const [spec, history, runningUsd] = await Promise.all([
        specOf(deps, id),
        historyOf(deps.ledger, id),
        spendingNow(deps.ledger, found),
      ]);
      return shown(beadDetailSchema, { ...shownBead(found), runningUsd, spec, history });
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/beads/{id}/close',
      name: 'closeBead',
      about: 'Close a bead by hand; its dependents start only on merged work',
      tag,
      params,
      body: z.strictObject({
        reason: z.enum(['superseded', 'failed']).default('superseded'),
        note: z.string().min(1).max(2000),
      }),
      answer: beadSchema,
    },
    async ({ params: { id }, body, caller }) => {
      await bead(id);
      await closeBead(deps, id, { by: caller, ...body });
      return bead(id);
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/beads/{id}/cancel',
      name: 'cancelBead',
      about: 'Cancel a bead; what needs it will not start',
      tag,
      params,
      answer: beadSchema,
    },
    async ({ params: { id }, caller }) => {
      await bead(id);
      await closeBead(deps, id, { by: caller, reason: 'cancelled', note: `cancelled by ${caller}` });
      return bead(id);
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/beads/{id}/molecule',
      name: 'getMolecule',
      about: 'The steps of its formula: where each is, who did it, why it waits',
      tag,
      params,
      answer: moleculeViewSchema,
    },
    async ({ params: { id } }) => {
      const found = await loadBead(deps.ledger, id);
      return shown(moleculeViewSchema, moleculeView(found, (await load.molecule(deps.ledger, found.id))?.body));
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/beads/{id}/sling',
      name: 'slingBead',
      about: 'Give it to a polecat now: skip the rest, or retry a failed bead',
      tag,
      params,
      query: z.strictObject({
        budgetUsd: z.coerce.number().min(0).max(10_000).optional().openapi({ description: 'Its budget from now on' }),
      }),
      answer: beadSchema,
    },
    async ({ params: { id }, query: { budgetUsd }, caller }) => {
      await bead(id);
      await slingBead(deps, id, caller, budgetUsd);
      return bead(id);
    },
  );
}

async function beadsFor(deps: ApiDeps, query: z.output<typeof listQuery>): Promise<Bead[]> {
  const { ledger } = deps;
  if (query.convoy !== undefined) {
    await loadConvoy(ledger, query.convoy);
    return beadsOf(ledger, query.convoy);
  }
  if (query.rig === undefined) {
    throw refuse(
      400,
      'QUERY_INCOMPLETE',
      'Beads of what?',
      'Give rig=<name>, with ready=true for those in line, or convoy=<id>.',
    );
  }
  await loadRig(ledger, query.rig);
  if (query.ready === 'true') {
    const beads = await Promise.all((await lineOf(ledger, query.rig, query.limit)).map((id) => findBead(ledger, id)));
    return beads.filter((found) => found !== undefined);
  }
  const { convoys } = await listConvoys(ledger, { now: deps.clock.now(), limit: 50 });
  const running = convoys.filter(
    (convoy) => convoy.rig === query.rig && !['landed', 'cancelled'].includes(convoy.status),
  );
  return (await Promise.all(running.map((convoy) => beadsOf(ledger, convoy.id)))).flat();
}
