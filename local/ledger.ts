/**
 * The record on a laptop: DynamoDB's contract over an ordered key-value store, on disk or in memory. What DynamoDB
 * refuses is refused here. Items whose `expiresAt` has passed are swept now and then; until then readers still see
 * them, as with DynamoDB. A commit's id is not remembered: a repeat meets its own conditions, and the caller
 * recognises its stamp.
 */
import { LedgerRefused } from '../core/errors.ts';
import { checkKey, checkLimit, checkPartitionKey } from '../core/ledger-refusals.ts';
import { limits } from '../core/limits.ts';
import type { Clock, DuePage, Instant, Item, Key, Ledger, Page, QueryOptions } from '../core/ports.ts';
import { itemBytes, partitionRange, timedEntry, timedRange } from './ledger/encoding.ts';
import { prepare } from './ledger/prepared.ts';
import { openStores, type Stores } from './ledger/stores.ts';
import { makeWriter } from './ledger/writer.ts';

export interface LedgerOptions {
  /** Directory, created if it is missing. Absent: in memory. */
  readonly location?: string;
  /** Wait for the disk before a commit is answered (default on disk): survives loss of power, not only of the process. */
  readonly sync?: boolean;
  readonly clock: Pick<Clock, 'now'>;
  /** Runs around every write to the database: where tests make the disk full. */
  readonly aroundWrite?: (write: () => Promise<void>) => Promise<void>;
}

export interface LocalLedger extends Ledger {
  /** The change feed: called once per commit that put something, in the order of commits, soon after it is written. */
  onCommitted(listener: (put: readonly Item[]) => void): void;
  /** Waits for the commits under way. */
  close(): Promise<void>;
}

/** Items fetched at once; a page of the town's records is rarely longer. */
const fetchCount = 128;

/**
 * A page ends at `limit` items or before the item that would take it over 1 MB. Like DynamoDB it then names `next`, even
 * if nothing follows: only a page without `next` is the last one.
 */
async function query(stores: Stores, pk: string, options: QueryOptions): Promise<Page<Item>> {
  checkPartitionKey(pk);
  checkLimit(options.limit);
  const { prefix = '', after, limit = Number.POSITIVE_INFINITY, reverse = false } = options;
  const { gte, lt } = partitionRange(pk, prefix);
  if (after !== undefined) checkKey({ pk, sk: after });
  const from = after === undefined ? undefined : itemBytes({ pk, sk: after });
  const lower = from && !reverse && Buffer.compare(from, gte) >= 0 ? { gt: from } : { gte };
  const upper = from && reverse && Buffer.compare(from, lt) < 0 ? { lt: from } : { lt };
  const iterator = stores.items.values({ ...lower, ...upper, reverse });
  const items: Item[] = [];
  let bytes = 0;
  const next = () => ({ items, next: items[items.length - 1]?.sk ?? '' });
  try {
    for (;;) {
      const texts = await iterator.nextv(Math.min(fetchCount, limit - items.length));
      if (texts.length === 0) return { items };
      for (const text of texts) {
        bytes += Buffer.byteLength(text);
        if (bytes > limits.queryPageBytesMax && items.length > 0) return next();
        items.push(JSON.parse(text) as Item);
      }
      if (items.length >= limit) return next();
    }
  } finally {
    await iterator.close();
  }
}

async function due(
  stores: Stores,
  shard: number,
  by: Instant,
  options: { limit?: number; after?: string },
): Promise<DuePage> {
  checkLimit(options.limit);
  if (Number.isNaN(by)) throw new LedgerRefused('BAD_VALUE', 'due by NaN');
  if (by < 0) return { keys: [] };
  const { limit = limits.patrolItemsMax, after } = options;
  const { gte, lt } = timedRange(String(shard), by);
  const range = after === undefined ? { gte, lt } : { gt: Buffer.from(after), lt };
  const entries = await stores.attention.keys({ ...range, limit }).all();
  const keys = entries.map((entry) => {
    const { at, key } = timedEntry(entry);
    return { ...key, attentionAt: at };
  });
  const last = entries[limit - 1];
  return last === undefined ? { keys } : { keys, next: last.toString() };
}

export async function openLedger(options: LedgerOptions): Promise<LocalLedger> {
  const { location, sync = location !== undefined, clock, aroundWrite = (write) => write() } = options;
  const stores = await openStores(location);
  const listeners: ((put: readonly Item[]) => void)[] = [];
  const committed = (put: readonly Item[]): void => {
    for (const listener of listeners) {
      const copy = put.map((item) => JSON.parse(JSON.stringify(item)) as Item);
      // In a turn of its own: a listener that throws is a bug of its own, not the commit's.
      queueMicrotask(() => listener(copy));
    }
  };
  const writer = makeWriter({ stores, clock, sync, aroundWrite, committed });
  return {
    async get(key: Key) {
      checkKey(key);
      const text = await stores.items.get(itemBytes(key));
      return text === undefined ? undefined : (JSON.parse(text) as Item);
    },
    query: async (pk, queryOptions = {}) => query(stores, pk, queryOptions),
    commit: async (commit) => writer.commit(prepare(commit)),
    due: async (shard, by, dueOptions = {}) => due(stores, shard, by, dueOptions),
    onCommitted: (listener) => void listeners.push(listener),
    async close() {
      await writer.settled();
      await stores.close();
    },
  };
}
