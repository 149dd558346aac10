/** The town as a whole: health, status, feed, why, blobs, and the switch that stops it. */
import { z } from '@hono/zod-openapi';
import { refuse } from '../../core/errors.ts';
import { traceOf } from '../../core/feed/trace.ts';
import { keys, partitions } from '../../core/keys.ts';
import type { Queue } from '../../core/refinery/records.ts';
import {
  type Breaker,
  breakerOpen,
  type Capacity,
  type DayBudget,
  noCapacity,
  noFailures,
  noSpending,
  type Switch,
  workingInTown,
} from '../../core/scheduler/records.ts';
import { recordOf } from '../../core/step.ts';
import { readFeed } from '../feed/feed.ts';
import { listConvoys } from '../feed/listing.ts';
import { lineOf } from '../feed/records.ts';
import { why } from '../feed/why.ts';
import { queryAll } from '../platform/query-all.ts';
import { listRigs, targetsOf } from '../rigs/commands.ts';
import { estop, thaw } from '../scheduler/commands.ts';
import type { ApiDeps, ApiOptions, FleetSize } from './deps.ts';
import { instant, name, pageLimit } from './deps.ts';
import { type Api, endpoint } from './endpoint.ts';
import { eventSchema, reasonSchema, severitySchema, shown, traceSchema } from './views.ts';

const tag = 'town';
const switchSchema = z
  .object({ stopped: z.boolean(), by: z.string(), because: z.string(), at: instant })
  .openapi('Switch');

const statusSchema = z
  .object({
    now: instant,
    estop: switchSchema.optional(),
    breakerOpen: z.boolean(),
    polecats: z.object({
      alive: z.int(),
      slotsHeld: z.int(),
      max: z.int().openapi({ description: 'At work at once, over all rigs' }),
      fargate: z
        .object({ vcpusEach: z.number(), spot: z.boolean() })
        .optional()
        .openapi({ description: 'What each polecat and each gate takes of the account’s quota; a laptop has none' }),
    }),
    convoys: z.record(z.string(), z.int()).openapi({ description: 'The newest fifty, by status' }),
    escalations: z.record(severitySchema, z.int()),
    costs: z.object({ todayUsd: z.number(), reservedUsd: z.number() }),
    rigs: z.array(
      z.object({
        name: z.string(),
        inLine: z.int().openapi({ description: 'Ready beads; 1000 means at least that' }),
        queues: z.array(z.object({ target: z.string(), landed: z.int(), paused: z.boolean(), landing: z.boolean() })),
      }),
    ),
  })
  .openapi('Status');

const inLineMax = 1000;

async function statusOf({ ledger, clock }: ApiDeps, fleet: FleetSize): Promise<z.output<typeof statusSchema>> {
  const now = clock.now();
  const [estopped, breaker, capacity, budget, alive, escalations, page, rigs] = await Promise.all([
    ledger.get(keys.estop()),
    ledger.get(keys.breaker()),
    ledger.get(keys.capacity()),
    ledger.get(keys.budget(now)),
    queryAll(ledger, partitions.alivePolecats),
    queryAll<{ severity?: string }>(ledger, partitions.openEscalations),
    listConvoys(ledger, { now, limit: 50 }),
    listRigs(ledger),
  ]);
  const estopNow = recordOf<Switch>(estopped)?.body;
  const { spentUsd, reservedUsd } = recordOf<DayBudget>(budget)?.body ?? noSpending;
  const bySeverity = (severity: string) => escalations.filter((item) => item.body.severity === severity).length;
  return {
    now,
    ...(estopNow?.stopped ? { estop: shown(switchSchema, estopNow) } : {}),
    breakerOpen: breakerOpen(recordOf<Breaker>(breaker)?.body ?? noFailures, now),
    polecats: {
      alive: alive.length,
      slotsHeld: workingInTown(recordOf<Capacity>(capacity)?.body ?? noCapacity),
      max: fleet.polecatsMax,
      ...(fleet.fargate ? { fargate: fleet.fargate } : {}),
    },
    convoys: countBy(page.convoys.map((convoy) => convoy.status)),
    escalations: {
      critical: bySeverity('critical'),
      high: bySeverity('high'),
      medium: bySeverity('medium'),
      low: bySeverity('low'),
    },
    costs: { todayUsd: spentUsd, reservedUsd },
    rigs: await Promise.all(
      rigs.map(async (rig) => ({
        name: rig.name,
        inLine: (await lineOf(ledger, rig.name, inLineMax)).length,
        queues: await Promise.all(
          (await targetsOf(ledger, rig)).map(async (target) => {
            const queue = recordOf<Queue>(await ledger.get(keys.queue(rig.name, target)))?.body;
            const { landedCount = 0, paused, openLanding } = queue ?? {};
            return { target, landed: landedCount, paused: paused !== undefined, landing: openLanding !== undefined };
          }),
        ),
      })),
    ),
  };
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

export function townRoutes(api: Api, deps: ApiDeps, { logs, fleet }: Pick<ApiOptions, 'logs' | 'fleet'>): void {
  const { ledger, clock } = deps;

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/health',
      name: 'health',
      about: 'Whether the API and its ledger answer; needs no token',
      tag,
      answer: z.object({ ok: z.literal(true), now: instant }),
    },
    async () => {
      await ledger.get(keys.estop());
      return { ok: true as const, now: clock.now() };
    },
  );

  endpoint(
    api,
    { method: 'get', path: '/v1/status', name: 'status', about: 'The town in figures', tag, answer: statusSchema },
    async () => statusOf(deps, fleet),
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/feed',
      name: 'feed',
      about: 'What happened: the newest events, or those after `since`; oldest first',
      tag,
      query: z.strictObject({
        since: z.string().max(40).optional().openapi({ description: 'The id of the last event you have' }),
        limit: pageLimit(100),
      }),
      answer: z.object({ events: z.array(eventSchema) }),
    },
    async ({ query }) => {
      const events = await readFeed(ledger, { now: clock.now(), ...query });
      return { events: events.map((event) => shown(eventSchema, event)) };
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/why/{id}',
      name: 'why',
      about: 'Why a bead, convoy, rig, polecat, escalation or candidate is as it is',
      tag,
      params: z.object({ id: name }),
      answer: z.object({ id: z.string(), reasons: z.array(reasonSchema), trace: traceSchema.optional() }),
    },
    async ({ params: { id } }) => {
      const { reasons, subject } = await why(ledger, id);
      const trace = logs && subject ? { trace: traceOf(logs, subject) } : {};
      return { id, reasons: reasons.map((reason) => shown(reasonSchema, reason)), ...trace };
    },
  );

  endpoint(
    api,
    {
      method: 'get',
      path: '/v1/blobs/{hash}',
      name: 'showBlob',
      about: 'A log, gate output or intent, as text',
      tag,
      params: z.object({ hash: name }),
      answer: z.object({ hash: z.string(), text: z.string() }),
    },
    async ({ params: { hash } }) => {
      const bytes = /^[0-9a-f]{64}$/.test(hash) ? await deps.blobs.get(hash) : undefined;
      if (!bytes)
        throw refuse(404, 'BLOB_UNKNOWN', `No blob "${hash}".`, 'Give the 64 hex digits that a record names.');
      return { hash, text: new TextDecoder().decode(bytes) };
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/estop',
      name: 'estop',
      about: 'Stop the town: nothing starts and nothing lands until it is thawed',
      tag,
      body: z.strictObject({ because: z.string().min(1).max(500) }),
      answer: z.object({ stopped: z.boolean() }),
    },
    async ({ body, caller }) => {
      await estop(deps, caller, body.because);
      return { stopped: true };
    },
  );

  endpoint(
    api,
    {
      method: 'post',
      path: '/v1/thaw',
      name: 'thaw',
      about: 'Start the town again, and close the breaker',
      tag,
      answer: z.object({ stopped: z.boolean() }),
    },
    async ({ caller }) => {
      await thaw(deps, caller);
      return { stopped: false };
    },
  );
}
