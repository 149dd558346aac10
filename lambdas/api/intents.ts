import { z } from '@hono/zod-openapi';
import { submitIntent } from '../intents/submit.ts';
import type { ApiDeps } from './deps.ts';
import { name } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { convoySchema, shownConvoy } from './views.ts';

const submission = z.strictObject({
  text: z.string().openapi({ description: 'The intent: docs/intents.md says how a checklist reads' }),
  rig: name,
  plan: z
    .enum(['auto', 'review'])
    .default('auto')
    .openapi({ description: 'review: wait in `staged` for gt convoy launch' }),
  land: z.enum(['beads', 'convoy']).default('beads').openapi({
    description: 'convoy: its beads merge into integration/<convoy>, which lands as one when it is complete',
  }),
});

const headers = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,100}$/, 'expected 1 to 100 visible ASCII characters')
    .optional()
    .openapi({ description: 'The same key with the same body is one intent; with another body it is refused (409)' }),
});

export function intentRoutes(api: Api, deps: ApiDeps): void {
  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/intents',
      name: 'submitIntent',
      about: 'Hand in an intent: 202 with its new convoy, 200 if this key already made one',
      tag: 'intents',
      body: submission,
      headers,
      alsoAnswers: [202],
      answer: z.object({ convoy: convoySchema, repeated: z.boolean() }),
    },
    async ({ body, caller, context }) => {
      const idempotencyKey = context.req.header('idempotency-key');
      const { convoy, repeated } = await submitIntent(deps, {
        caller,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...body,
      });
      context.status(repeated ? 200 : 202);
      return { convoy: shownConvoy(convoy), repeated };
    },
  );
}
