/**
 * The Witness: once a minute it looks at every item that is due, and at a polecat whose task has just stopped. What it
 * finds it judges in `core/witness`; what it does is itself an ordinary, repeatable command. It also performs the
 * effects that the stream did not.
 */
import type { EffectRecord } from '../../core/effects.ts';
import { type ItemKind, kindOf } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Subject } from '../../core/polecats/protocol.ts';
import type { Instant, Item, Key, Ports } from '../../core/ports.ts';
import { watchBead } from './watch-bead.ts';
import { watchConvoy } from './watch-convoy.ts';
import { watchEscalation } from './watch-escalation.ts';
import { watchPolecat } from './watch-polecat.ts';
import { watchQueue } from './watch-queue.ts';

export type WitnessDeps = Pick<Ports, 'ledger' | 'workflows' | 'fleet' | 'clock' | 'ids' | 'log'> & {
  readonly performEffects: (items: readonly Item<EffectRecord>[]) => Promise<void>;
};

export type WitnessEvent =
  | { readonly kind: 'patrol' }
  /** The process that held queues, executions and tasks is gone: everything in flight is due now. */
  | { readonly kind: 'town_restarted' }
  | { readonly kind: 'task_stopped'; readonly subject: Subject };

export interface PatrolReport {
  readonly looked: number;
  readonly failed: number;
  /** There was more than one patrol takes: the next one goes on. */
  readonly more: boolean;
  /** Of the merge queues it looked at: how long the oldest change has waited. */
  readonly oldestRequestMs: number;
}

const nothing: PatrolReport = { looked: 0, failed: 0, more: false, oldestRequestMs: 0 };

export const makeHandler =
  (deps: WitnessDeps) =>
  async (event: WitnessEvent): Promise<PatrolReport> => {
    if (event.kind === 'task_stopped') return stopped(deps, event.subject);
    const restarted = event.kind === 'town_restarted';
    const by = restarted ? Number.MAX_SAFE_INTEGER : deps.clock.now();
    const until = restarted ? Number.MAX_SAFE_INTEGER : by + limits.patrolTimeMs;
    // Side by side: a shard whose items are slow must not keep the patrol, which is cut off in time, from the others.
    const shards = Array.from({ length: limits.attentionShards }, (_, shard) => shard);
    const reports = await Promise.all(shards.map((shard) => patrolShard(deps, shard, by, event.kind, until)));
    const report = reports.reduce(sum, nothing);
    if (report.looked > 0) deps.log('info', 'patrol', { ...report });
    return report;
  };

const sum = (a: PatrolReport, b: PatrolReport): PatrolReport => ({
  looked: a.looked + b.looked,
  failed: a.failed + b.failed,
  more: a.more || b.more,
  oldestRequestMs: Math.max(a.oldestRequestMs, b.oldestRequestMs),
});

/** Oldest first, until nothing is due or the time is up: what is left is the oldest of the next patrol. */
async function patrolShard(
  deps: WitnessDeps,
  shard: number,
  by: Instant,
  because: WitnessEvent['kind'],
  until: Instant,
): Promise<PatrolReport> {
  let report = nothing;
  for (let after: string | undefined; ; ) {
    const page = await deps.ledger.due(shard, by, { limit: limits.patrolItemsMax, ...(after ? { after } : {}) });
    for (let from = 0; from < page.keys.length; from += limits.patrolLooksAtOnce) {
      if (deps.clock.now() >= until) return { ...report, more: true };
      const some = page.keys.slice(from, from + limits.patrolLooksAtOnce);
      report = (await Promise.all(some.map((key) => lookAt(deps, key, because)))).reduce(sum, report);
    }
    if (page.next === undefined) return report;
    after = page.next;
  }
}

/** One item must not keep the patrol from the others: its failure is logged, and it stays due. */
async function lookAt(deps: WitnessDeps, key: Key, because: WitnessEvent['kind']): Promise<PatrolReport> {
  try {
    const oldestRequestMs = (await watch(deps, key, kindOf(key), because)) ?? 0;
    return { ...nothing, looked: 1, oldestRequestMs };
  } catch (error) {
    deps.log('error', 'patrol could not look at an item', { pk: key.pk, sk: key.sk, error: String(error) });
    return { ...nothing, looked: 1, failed: 1 };
  }
}

/** Answers how long a merge queue's oldest change has waited, if that is what it looked at. */
async function watch(
  deps: WitnessDeps,
  key: Key,
  kind: ItemKind,
  because: WitnessEvent['kind'],
): Promise<number | undefined> {
  switch (kind) {
    case 'effect': {
      const item = await deps.ledger.get(key);
      if (item) await deps.performEffects([item as unknown as Item<EffectRecord>]);
      return undefined;
    }
    case 'polecat':
      await watchPolecat(deps, key, because);
      return undefined;
    case 'bead':
      await watchBead(deps, key);
      return undefined;
    case 'convoy':
      await watchConvoy(deps, key);
      return undefined;
    case 'queue':
    case 'candidate':
    case 'landing':
      return watchQueue(deps, key);
    case 'escalation':
      await watchEscalation(deps, key);
      return undefined;
    default:
      deps.log('warn', 'an item asks for attention that nobody gives', { pk: key.pk, sk: key.sk });
      return undefined;
  }
}

async function stopped(deps: WitnessDeps, subject: Subject): Promise<PatrolReport> {
  if (subject.kind === 'polecat')
    await watchPolecat(deps, { bead: subject.bead, attempt: subject.attempt }, 'task_stopped');
  else await watchQueue(deps, { rig: subject.rig, target: subject.target });
  return { ...nothing, looked: 1 };
}
