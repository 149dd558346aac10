import { z } from '@hono/zod-openapi';
import type { Escalation } from '../../core/escalations/escalation.ts';
import { keys, partitions } from '../../core/keys.ts';
import { recordOf } from '../../core/step.ts';
import { acknowledgeEscalation, answerEscalation, closeEscalation, loadEscalation } from '../escalations/commands.ts';
import { queryAll } from '../platform/query-all.ts';
import type { ApiDeps } from './deps.ts';
import { name } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { escalationSchema, shown } from './views.ts';

const tag = 'escalations';
const params = z.object({ id: name });

export function escalationRoutes(api: Api, deps: ApiDeps): void {
  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/escalations',
      name: 'listEscalations',
      about: 'What waits for a human, oldest first',
      tag,
      answer: z.object({ escalations: z.array(escalationSchema) }),
    },
    async () => {
      const listed = await queryAll(deps.ledger, partitions.openEscalations);
      const items = await Promise.all(listed.map((item) => deps.ledger.get(keys.escalation(item.sk))));
      const open = items.flatMap((item) => recordOf<Escalation>(item)?.body ?? []);
      const shownOnes = open.filter((one) => one.status !== 'closed').map((one) => shown(escalationSchema, one));
      return { escalations: shownOnes.sort((a, b) => a.openedAt - b.openedAt) };
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/escalations/{id}',
      name: 'showEscalation',
      about: 'One escalation',
      tag,
      params,
      answer: escalationSchema,
    },
    async ({ params: { id } }) => shown(escalationSchema, (await loadEscalation(deps.ledger, id)).body),
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/escalations/{id}/ack',
      name: 'acknowledgeEscalation',
      about: 'Someone has seen it',
      tag,
      params,
      answer: escalationSchema,
    },
    async ({ params: { id }, caller }) => shown(escalationSchema, await acknowledgeEscalation(deps, id, caller)),
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/escalations/{id}/answer',
      name: 'answerEscalation',
      about: 'Answer a bead’s question: the answer reaches its next attempt',
      tag,
      params,
      body: z.strictObject({ text: z.string().min(1).max(8000) }),
      answer: escalationSchema,
    },
    async ({ params: { id }, body, caller }) =>
      shown(escalationSchema, await answerEscalation(deps, id, body.text, caller)),
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/escalations/{id}/close',
      name: 'closeEscalation',
      about: 'Done with it',
      tag,
      params,
      answer: escalationSchema,
    },
    async ({ params: { id }, caller }) => shown(escalationSchema, await closeEscalation(deps, id, caller)),
  );
}
