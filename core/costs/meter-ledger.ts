/** The ledger, with each call counted in DynamoDB's units. */
import { keyOfChange } from '../ledger-refusals.ts';
import type { Change, Commit, DuePage, Instant, Item, Key, Ledger } from '../ports.ts';
import {
  hintUnits,
  indexWrites,
  itemBytes,
  readUnits,
  transactionFactor,
  utf8Bytes,
  writeUnits,
} from './item-units.ts';
import type { Meter } from './meter.ts';

/** What is known of a stored item: what a write of it pays for is both what it was and what it becomes. */
interface Known {
  readonly bytes: number;
  readonly attentionAt?: Instant | undefined;
}

const absent: Known = { bytes: 0 };
/** Nobody looked: a small item that is in the index, at another time. */
const unknown: Known = { bytes: 0, attentionAt: -1 };
/** Whoever replaces an item has read it shortly before. */
const knownMax = 1000;

export function meterLedger(ledger: Ledger, meter: Meter): Ledger {
  const memory = new Map<string, Known>();
  const remember = (key: Key, known: Known): void => {
    memory.delete(nameOf(key));
    memory.set(nameOf(key), known);
    const [oldest] = memory.keys();
    if (memory.size > knownMax && oldest !== undefined) memory.delete(oldest);
  };
  const knownBefore = (change: Change): Known => {
    const { expect } = change;
    if ('absent' in expect || 'any' in expect || ('version' in expect && expect.version === 0)) return absent;
    return memory.get(nameOf(keyOfChange(change))) ?? unknown;
  };

  return {
    get: (key) =>
      ledger.get(key).then((item) => {
        remember(key, item ? knownOf(item) : absent);
        meter('ledger.get', { dynamoReads: readUnits(item ? itemBytes(item) : 0) });
        return item;
      }),
    query: (pk, options) =>
      ledger.query(pk, options).then((page) => {
        for (const item of page.items) remember(item, knownOf(item));
        const bytes = page.items.reduce((sum, item) => sum + itemBytes(item), 0);
        meter('ledger.query', { dynamoReads: readUnits(bytes) });
        return page;
      }),
    commit: (commit) => {
      const befores = commit.changes.map(knownBefore);
      return ledger.commit(commit).then((result) => {
        meter(callOf(commit), { dynamoWrites: commitUnits(commit, befores, result.ok) });
        for (const change of commit.changes) {
          if (!result.ok) memory.delete(nameOf(keyOfChange(change)));
          else if ('put' in change) remember(change.put, knownOf(written(change, commit)));
          else if ('delete' in change) remember(change.delete, absent);
        }
        return result;
      });
    },
    due: (shard, by, options) =>
      ledger.due(shard, by, options).then((page) => {
        meter('ledger.due', { dynamoReads: hintUnits(entriesBytes(page)) });
        return page;
      }),
  };
}

const nameOf = ({ pk, sk }: Key): string => `${pk}\0${sk}`;
const knownOf = (item: Item): Known => ({ bytes: itemBytes(item), attentionAt: item.attentionAt });
const written = ({ put, expect }: Extract<Change, { put: unknown }>, { id }: Commit): Item => ({
  ...put,
  version: 'version' in expect ? expect.version + 1 : 1,
  commit: id,
});

/** Changes that ask something of the table: a check that expects anything is not sent. */
const sent = (change: Change): boolean => !('check' in change && 'any' in change.expect);

/** A single put or delete is a plain write; all else is a transaction. */
const isPlain = ({ changes }: Commit): boolean => {
  const [only, ...more] = changes.filter(sent);
  return only !== undefined && more.length === 0 && !('check' in only);
};

const callOf = (commit: Commit): string => (isPlain(commit) ? 'ledger.write' : 'ledger.transact');

/** A refused commit pays for its writes all the same, but the index never hears of it. */
function commitUnits(commit: Commit, befores: readonly Known[], ok: boolean): number {
  const factor = isPlain(commit) ? 1 : transactionFactor;
  return commit.changes.reduce((sum, change, i) => {
    if (!sent(change)) return sum;
    const before = befores[i] ?? unknown;
    const after = 'put' in change ? knownOf(written(change, commit)) : absent;
    const index = ok && !('check' in change) ? indexWrites(before.attentionAt, after.attentionAt) : 0;
    return sum + factor * writeUnits(Math.max(before.bytes, after.bytes)) + index;
  }, 0);
}

/** An entry of the index: both keys of the item, its shard and its time. */
const entriesBytes = ({ keys }: DuePage): number =>
  keys.reduce((sum, { pk, sk }) => sum + utf8Bytes(pk) + utf8Bytes(sk) + 44, 0);
