/** A town of one rig over the laptop's ledger and blobs, with a clock that stands still and ids that count. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import type { Effect, EffectRecord } from '../../../core/effects.ts';
import { Unavailable } from '../../../core/errors.ts';
import type { EventRecord } from '../../../core/events.ts';
import { keys, partitions } from '../../../core/keys.ts';
import type { Blobs, Clock, Commit, Ids, Item, Ledger } from '../../../core/ports.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import { create } from '../../../core/step.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { makeDirectoryBlobs } from '../../../local/blobs.ts';
import { openLedger } from '../../../local/ledger.ts';

export const start = Date.UTC(2030, 0, 1);

export interface Town {
  readonly ledger: Ledger;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly caps: { readonly dayBudgetUsd: number };
  /** Every commit that was asked for, written or not. */
  readonly commits: Commit[];
  /** Runs before each commit; what it throws is what the caller sees. */
  beforeCommit: (commit: Commit) => Promise<void>;
  /** Runs after each commit that was written; what it throws loses the answer. */
  afterCommit: (commit: Commit) => Promise<void>;
  advance(ms: number): void;
}

/** The process is gone: nothing that was under way goes on. */
export class Crash extends Error {}

export async function openTown(settings: Rig['settings'] = {}): Promise<Town> {
  let now = start;
  let drawn = 0;
  const next = (): number => {
    drawn += 1;
    return drawn;
  };
  const clock: Clock = { now: () => now, sleep: async () => {} };
  const ids: Ids = {
    ulid: () => String(next()).padStart(26, '0'),
    secret: () => 'f'.repeat(64),
    random: () => (next() * 0.618_033_988_749) % 1,
  };
  const stored = await openLedger({ clock });
  const commits: Commit[] = [];
  const ledger: Ledger = {
    get: (key) => stored.get(key),
    query: (pk, options) => stored.query(pk, options),
    due: (shard, by, options) => stored.due(shard, by, options),
    async commit(commit) {
      commits.push(commit);
      await town.beforeCommit(commit);
      const result = await stored.commit(commit);
      if (result.ok) await town.afterCommit(commit);
      return result;
    },
  };
  const town: Town = {
    ledger,
    blobs: makeDirectoryBlobs(await mkdtemp(join(tmpdir(), 'intents-'))),
    clock,
    ids,
    caps: { dayBudgetUsd: 20 },
    commits,
    beforeCommit: async () => {},
    afterCommit: async () => {},
    advance(ms) {
      now += ms;
    },
  };
  const rig: Rig = { name: 'green', prefix: 'gr', url: '/green.git', defaultBranch: 'main', settings, addedAt: now };
  await stored.commit({ id: 'rig', changes: [create(keys.rig('green'), rig), create(keys.rigListing('green'), rig)] });
  return town;
}

export const lostAnswer = (): Unavailable => new Unavailable('the answer was lost');

export async function convoyOf(town: Town, id: string): Promise<Convoy & Pick<Item, 'attentionAt'>> {
  const item = await load.convoy(town.ledger, id);
  if (!item) throw new Error(`no convoy ${id}`);
  return { ...item.body, ...(item.attentionAt === undefined ? {} : { attentionAt: item.attentionAt }) };
}

export const beadsOf = async (town: Town, id: string): Promise<Bead[]> =>
  (await load.beads(town.ledger, id)).map((item) => item.body);

/** What the written commits implied, in order. */
export async function effectsOf(town: Town): Promise<Effect[]> {
  const effects: Effect[] = [];
  for (const commit of town.commits) {
    const page = await town.ledger.query(keys.effect(commit.id, 0).pk);
    effects.push(...page.items.map((item) => (item.body as unknown as EffectRecord).effect));
  }
  return effects;
}

export async function eventsOf(town: Town): Promise<EventRecord[]> {
  const page = await town.ledger.query(partitions.feed(town.clock.now()));
  return page.items.map((item) => item.body as unknown as EventRecord);
}
