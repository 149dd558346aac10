import { z } from '@hono/zod-openapi';
import { mayorUsdOf } from '../../core/convoys/spending.ts';
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
      about: 'What models cost, by day and by bead of a convoy; a day’s has the Mayor’s calls in it',
      tag: 'town',
      query: z.strictObject({
        convoy: name.optional(),
        days: z.coerce.number().int().min(1).max(31).default(7),
      }),
      answer: z.object({
        days: z.array(z.object({ day: z.string(), spentUsd: z.number(), reservedUsd: z.number() })),
        of: z.array(costSchema),
        mayorUsd: z
          .number()
          .optional()
          .openapi({ description: 'Of the convoy: what the Mayor’s calls of a model cost' }),
      }),
    },
    async ({ query: { convoy, days } }) => {
      const listed = await costsOfDays(ledger, clock.now(), days);
      if (convoy === undefined) return { days: listed, of: [] };
      const found = await loadConvoy(ledger, convoy);
      const of = await costsOfBeads(ledger, found.id);
      return { days: listed, of, mayorUsd: mayorUsdOf(found) };
    },
  );
}
