import { z } from '@hono/zod-openapi';
import type { Json } from '../../core/ports.ts';
import { keyViews, targetOf } from '../../core/rigs/config.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { addRig, listRigs, setConfig, showRig, targetsOf } from '../rigs/commands.ts';
import { reportPullRequest } from '../rigs/pull-requests.ts';
import { reportStatus } from '../rigs/statuses.ts';
import type { ApiDeps, ApiOptions } from './deps.ts';
import { instant, name, oid } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { rigDetailSchema, rigSchema, shown } from './views.ts';

const tag = 'rigs';
const params = z.object({ rig: name });
const checkStates = ['pending', 'success', 'failure', 'error', 'neutral', 'skipped', 'cancelled'] as const;

export const statusBody = z
  .strictObject({
    commit: oid,
    name: z.string().min(1).max(200).optional(),
    context: z.string().min(1).max(200).optional().openapi({ description: 'Another word for `name`' }),
    state: z.enum(checkStates),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
  })
  .refine((body) => (body.name === undefined) !== (body.context === undefined), 'give either name or context')
  .openapi('CommitStatus');

export const reportOf = ({ name: check, context = '', ...report }: z.output<typeof statusBody>) => ({
  ...report,
  name: check ?? context,
});

const view = (rig: Rig) => shown(rigSchema, { ...rig, target: targetOf(rig) });

export function rigRoutes(api: Api, deps: ApiDeps, options: ApiOptions): void {
  const detail = async (rig: Rig) =>
    shown(rigDetailSchema, { ...view(rig), config: keyViews(rig), targets: await targetsOf(deps.ledger, rig) });

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/rigs',
      name: 'addRig',
      about: 'Add a repository: 201, or 200 if it was there already',
      tag,
      body: z.strictObject({
        name: z.string().max(200),
        url: z.string().max(2000),
        prefix: z.string().max(20).optional(),
      }),
      alsoAnswers: [201],
      answer: z.object({ rig: rigSchema, repeated: z.boolean() }),
    },
    async ({ body, caller, context }) => {
      const { rig, repeated } = await addRig(deps, { ...body, by: caller, allowLocal: options.localRemotes });
      context.status(repeated ? 200 : 201);
      return { rig: view(rig), repeated };
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/rigs',
      name: 'listRigs',
      about: 'Every rig',
      tag,
      answer: z.object({ rigs: z.array(rigSchema) }),
    },
    async () => ({ rigs: (await listRigs(deps.ledger)).map(view) }),
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/rigs/{rig}',
      name: 'showRig',
      about: 'A rig and its whole configuration',
      tag,
      params,
      answer: rigDetailSchema,
    },
    async ({ params: { rig } }) => detail(await showRig(deps.ledger, rig)),
  );

  endpoint(
    api,
    {
      method: 'patch',
      path: '/v1/rigs/{rig}/config',
      name: 'configureRig',
      about: 'Set keys of the configuration, all of them or none; null unsets one',
      tag,
      params,
      body: z.record(z.string().max(100), z.unknown()).openapi({ example: { 'refinery.gates.test': 'npm test' } }),
      answer: rigDetailSchema,
    },
    async ({ params: { rig }, body, caller }) =>
      detail(await setConfig(deps, rig, body as Record<string, Json>, caller)),
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/rigs/{rig}/statuses',
      name: 'reportStatus',
      about: 'Tell the town what a CI found out about a commit',
      tag,
      params,
      body: statusBody,
      answer: z.object({
        commit: z.string(),
        checks: z.array(
          z.object({ name: z.string(), state: z.enum(checkStates), url: z.string().optional(), reportedAt: instant }),
        ),
      }),
    },
    async ({ params: { rig }, body, caller }) => {
      const { reports } = await reportStatus(deps, rig, { ...reportOf(body), by: caller });
      return {
        commit: body.commit,
        checks: Object.entries(reports).map(([key, value]) => ({ name: key, ...value })),
      };
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/rigs/{rig}/pull-requests',
      name: 'reportPullRequest',
      about: 'Tell the town what became of a pull request, for beads that wait at a gate',
      tag,
      params,
      body: z.strictObject({
        number: z.int().min(1),
        state: z.enum(['open', 'closed', 'merged']).openapi({ description: '`closed`: and not merged' }),
        branch: z
          .string()
          .regex(/^[^\s\p{Cc}]{1,250}$/u)
          .optional()
          .openapi({ description: 'Its head, if that is a branch of the repository itself' }),
      }),
      answer: z.object({ news: z.boolean().openapi({ description: 'Not, if as much or more was known' }) }),
    },
    async ({ params: { rig }, body, caller }) => ({
      news: await reportPullRequest(deps, rig, { ...body, by: caller }),
    }),
  );
}
