import { z } from '@hono/zod-openapi';
import { costsOfBeads, costsOfDays } from '../feed/costs.ts';
import { loadConvoy } from '../feed/records.ts';
import type { ApiDeps } from './deps.ts';
import { name } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';

const costSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    rig: z.string(),
    status: z.string(),
    attempts: z.int(),
    modelUsd: z.number(),
    budgetUsd: z.number(),
    agentMs: z.number(),
  })
  .openapi('Cost');

export function costRoutes(api: Api, { ledger, clock }: ApiDeps): void {
  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/costs',
      name: 'costs',
      about: 'What models cost, by day and by bead of a convoy',
      tag: 'town',
      query: z.strictObject({
        convoy: name.optional(),
        days: z.coerce.number().int().min(1).max(31).default(7),
      }),
      answer: z.object({
        days: z.array(z.object({ day: z.string(), spentUsd: z.number(), reservedUsd: z.number() })),
        of: z.array(costSchema),
      }),
    },
    async ({ query: { convoy, days } }) => ({
      days: await costsOfDays(ledger, clock.now(), days),
      of: convoy === undefined ? [] : await costsOfBeads(ledger, (await loadConvoy(ledger, convoy)).id),
    }),
  );
}
