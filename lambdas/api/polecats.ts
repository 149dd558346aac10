import { z } from '@hono/zod-openapi';
import { refuse } from '../../core/errors.ts';
import { keys, partitions } from '../../core/keys.ts';
import type { Beat, Polecat } from '../../core/polecats/polecat.ts';
import { recordOf } from '../../core/step.ts';
import { queryAll } from '../platform/query-all.ts';
import { nudgePolecat, nukePolecat } from '../polecats/protocol.ts';
import type { ApiDeps } from './deps.ts';
import { name } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { polecatSchema, shown } from './views.ts';

const tag = 'polecats';
const params = z.object({ name });
/** The newest chunks of a log; older output stays in its blobs. */
const logChunksMax = 16;

async function find({ ledger }: ApiDeps, polecat: string) {
  const [state, heard] = await Promise.all([ledger.get(keys.polecat(polecat)), ledger.get(keys.beat(polecat))]);
  const record = recordOf<Polecat>(state)?.body;
  if (!record) return undefined;
  const beat = recordOf<Beat>(heard)?.body;
  const current = beat?.bead === record.bead && beat.attempt === record.attempt ? beat : undefined;
  return { record, beat: current };
}

type Found = NonNullable<Awaited<ReturnType<typeof find>>>;

const view = ({ record, beat }: Found) =>
  shown(polecatSchema, {
    ...record,
    state: beat?.state ?? 'starting',
    step: beat?.step ?? '',
    beatAt: beat?.at,
    activeAt: beat?.activeAt,
    costUsd: beat?.costUsd ?? 0,
  });

async function alive(deps: ApiDeps, polecat: string): Promise<Found> {
  const found = await find(deps, polecat);
  if (found) return found;
  throw refuse(404, 'POLECAT_UNKNOWN', `No polecat "${polecat}" is alive.`, 'gt polecat list shows those that are.');
}

async function logOf(deps: ApiDeps, beat: Beat | undefined): Promise<string> {
  if (!beat) return '';
  if (beat.logChunks.length === 0) return beat.tail;
  const chunks = await Promise.all(beat.logChunks.slice(-logChunksMax).map((hash) => deps.blobs.get(hash)));
  return new TextDecoder().decode(Buffer.concat(chunks.flatMap((chunk) => chunk ?? [])));
}

export function polecatRoutes(api: Api, deps: ApiDeps): void {
  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/polecats',
      name: 'listPolecats',
      about: 'The polecats that are alive',
      tag,
      answer: z.object({ polecats: z.array(polecatSchema) }),
    },
    async () => {
      const listed = await queryAll(deps.ledger, partitions.alivePolecats);
      const found = await Promise.all(listed.map((item) => find(deps, item.sk)));
      return { polecats: found.flatMap((one) => (one ? [view(one)] : [])) };
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/polecats/{name}/log',
      name: 'polecatLog',
      about: 'What its agent has printed so far: the newest part',
      tag,
      params,
      answer: z.object({ polecat: z.string(), bead: z.string(), attempt: z.int(), text: z.string() }),
    },
    async ({ params: { name: polecat } }) => {
      const { record, beat } = await alive(deps, polecat);
      return { polecat, bead: record.bead, attempt: record.attempt, text: await logOf(deps, beat) };
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/polecats/{name}/nudge',
      name: 'nudgePolecat',
      about: 'Say something to the agent, with the answer to its next heartbeat',
      tag,
      params,
      body: z.strictObject({ text: z.string().min(1).max(2000) }),
      answer: polecatSchema,
    },
    async ({ params: { name: polecat }, body, caller }) => {
      await nudgePolecat(deps, polecat, body.text, caller);
      return view(await alive(deps, polecat));
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/polecats/{name}/nuke',
      name: 'nukePolecat',
      about: 'End it now; its branch is kept and its bead goes on by the ladder',
      tag,
      params,
      answer: z.object({ nuked: z.string() }),
    },
    async ({ params: { name: polecat }, caller }) => {
      await nukePolecat(deps, polecat, caller);
      return { nuked: polecat };
    },
  );
}
