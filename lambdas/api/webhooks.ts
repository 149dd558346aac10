/**
 * Webhooks: no caller but a signature. It is verified over the bytes as they came, before they are read as anything, and
 * whoever cannot sign learns nothing, not even whether there is such a rig.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { refuse } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type Rig, rigNamePattern } from '../../core/rigs/rig.ts';
import { type Heard, heardFromGithub } from '../../core/rigs/webhooks.ts';
import { recordOf } from '../../core/step.ts';
import { hearWebhook } from '../rigs/webhooks.ts';
import type { ApiDeps, ApiOptions } from './deps.ts';
import { name } from './deps.ts';
import { type Api, type ApiEnv, endpoint } from './endpoint.ts';
import { invalidInput, notJson } from './problem.ts';
import { reportOf, statusBody } from './rigs.ts';

export const webhooksPrefix = '/v1/webhooks/';
const tag = 'webhooks';
const params = z.object({ rig: name });
const header = z.string().max(200).optional();
const answer = z.object({
  heard: z.enum(['status', 'pull_request', 'wake', 'nothing']),
  repeated: z.boolean().openapi({ description: 'It was heard before: nothing was changed now' }),
  late: z.boolean().openapi({ description: 'As much or more was heard of it before: nothing was changed' }),
});

export function webhookRoutes(api: Api, deps: ApiDeps, options: ApiOptions): void {
  const hear = async (context: Context<ApiEnv>, signed: Signed, by: string, heard: Heard) => {
    if (heard.heard === 'nothing') {
      context.status(202);
      return { heard: heard.heard, repeated: false, late: false };
    }
    return { heard: heard.heard, ...(await hearWebhook(deps, { ...signed, by, heard })) };
  };

  endpoint(
    api,
    {
      method: 'post',
      path: `${webhooksPrefix}github/{rig}`,
      name: 'githubWebhook',
      about:
        'GitHub’s status, check_run, check_suite, workflow_run, pull_request and push; 202 for what the town does not listen to',
      tag,
      params,
      headers: z.object({
        'x-github-event': header,
        'x-hub-signature-256': header.openapi({ description: '`sha256=` and the HMAC of the body, in hex' }),
      }),
      signedBody: { type: 'object', additionalProperties: true },
      alsoAnswers: [202],
      answer,
    },
    async ({ params: { rig }, context }) => {
      const body = await bytesOf(context);
      const signed = await verified(deps, options, rig, context.req.header('x-hub-signature-256'), body);
      const event = context.req.header('x-github-event') ?? '';
      const heard = parsed(() => heardFromGithub(event, jsonOf(body), signed.rig.url));
      return hear(context, signed, 'github', heard);
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: `${webhooksPrefix}ci/{rig}`,
      name: 'ciWebhook',
      about: 'The status of a commit, from any CI that has the rig’s webhook secret and no other identity',
      tag,
      params,
      headers: z.object({
        'gastown-timestamp': header.openapi({ description: 'Seconds since 1970, at most five minutes off' }),
        'gastown-signature': header.openapi({
          description: '`sha256=` and the HMAC of timestamp, full stop and body, in hex',
        }),
      }),
      signedBody: { $ref: '#/components/schemas/CommitStatus' },
      answer,
    },
    async ({ params: { rig }, context }) => {
      const body = await bytesOf(context);
      const timestamp = context.req.header('gastown-timestamp') ?? '';
      const bytes = Buffer.concat([Buffer.from(`${timestamp}.`), body]);
      const signed = await verified(deps, options, rig, context.req.header('gastown-signature'), bytes);
      const at = freshInstant(timestamp, deps.clock.now());
      const report = parsed(() => reportOf(statusBody.parse(jsonOf(body))));
      return hear(context, signed, 'ci', { heard: 'status', ...report, at });
    },
  );
}

interface Signed {
  readonly rig: Rig;
  readonly signedHash: string;
}

const bytesOf = async (context: Context<ApiEnv>): Promise<Buffer> => Buffer.from(await context.req.arrayBuffer());

/** Throws the same for a rig that is not there, one that has no secret, and a signature that is not of its secret. */
async function verified(
  deps: ApiDeps,
  { webhookSecrets }: ApiOptions,
  rigName: string,
  signature: string | undefined,
  bytes: Uint8Array,
): Promise<Signed> {
  const given = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '')?.[1];
  if (given === undefined) throw unsigned();
  const rig = rigNamePattern.test(rigName) ? recordOf<Rig>(await deps.ledger.get(keys.rig(rigName)))?.body : undefined;
  const secrets = rig ? await webhookSecrets(rig.name) : [];
  // Where there is no secret, as much is computed with one that nobody has.
  const signers = secrets.length > 0 ? secrets : [deps.ids.secret()];
  const matches = signers.filter((secret) =>
    timingSafeEqual(createHmac('sha256', secret).update(bytes).digest(), Buffer.from(given, 'hex')),
  );
  if (!rig || matches.length === 0) throw unsigned();
  return { rig, signedHash: sha256(bytes) };
}

const unsigned = () =>
  refuse(
    401,
    'WEBHOOK_UNSIGNED',
    'The signature is not that of a rig of this name.',
    'Give the webhook the secret that this town has for the rig: docs/webhooks.md.',
  );

/** The instant of a timestamp in seconds, if it is of now. */
function freshInstant(timestamp: string, now: number): number {
  const at = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1000 : Number.NaN;
  if (Math.abs(now - at) <= limits.webhookSkewMs) return at;
  throw refuse(
    401,
    'WEBHOOK_STALE',
    `The timestamp "${timestamp.slice(0, 20)}" is not within ${limits.webhookSkewMs / 1000} s of ${Math.floor(now / 1000)}.`,
    'Sign with the seconds since 1970 at the time of sending, and set the clock.',
  );
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw notJson();
  }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof z.ZodError ? invalidInput('json', error) : error;
  }
}
