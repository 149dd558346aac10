/** A commit as it was handed over: checked, measured, and copied, so that the caller may do with it what it likes. */

import { attentionShardOf } from '../../core/keys.ts';
import { checkCommit, checkSizes, keyOfChange } from '../../core/ledger-refusals.ts';
import type { Change, Commit, Expectation, Item, Key } from '../../core/ports.ts';
import { itemBytes, timedBytes } from './encoding.ts';
import type { Operation, Stores } from './stores.ts';

interface PreparedChange {
  readonly key: Key;
  /** The key as text, for maps. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly expect: Expectation;
  readonly action: 'put' | 'delete' | 'check';
  /** What is put, but for its version: the JSON of an item without its opening brace. */
  readonly rest: string;
}

export interface PreparedCommit {
  readonly id: string;
  readonly changes: readonly PreparedChange[];
}

const actionOf = (change: Change): PreparedChange['action'] =>
  'put' in change ? 'put' : 'delete' in change ? 'delete' : 'check';

function restOf(change: Change, commit: string): string {
  if (!('put' in change)) return '';
  const { pk, sk, body, attentionAt, expiresAt } = change.put;
  return JSON.stringify({ pk, sk, commit, body, attentionAt, expiresAt }).slice(1);
}

/** Throws `LedgerRefused` for what no ledger could take. */
export function prepare(commit: Commit): PreparedCommit {
  checkCommit(commit);
  const changes = commit.changes.map((change): PreparedChange => {
    const { pk, sk } = keyOfChange(change);
    return {
      key: { pk, sk },
      name: `${pk}\0${sk}`,
      bytes: itemBytes({ pk, sk }),
      expect: 'body' in change.expect ? { body: { ...change.expect.body } } : { ...change.expect },
      action: actionOf(change),
      rest: restOf(change, commit.id),
    };
  });
  checkSizes(
    commit.changes,
    changes.map(({ rest, bytes }) => (rest === '' ? bytes.length : Buffer.byteLength(rest))),
  );
  return { id: commit.id, changes };
}

/** An item as the database holds it, or as a commit of the same batch is about to leave it. */
export interface Stored {
  readonly text: string;
  readonly item: Item;
}

export const stored = (text: string): Stored => ({ text, item: JSON.parse(text) as Item });

export function isAsExpected(was: Stored | undefined, expect: Expectation): boolean {
  if ('any' in expect) return true;
  if ('absent' in expect) return was === undefined;
  if ('version' in expect) return (was?.item.version ?? 0) === expect.version;
  if (was === undefined) return false;
  const body = was.item.body;
  if (body === null || typeof body !== 'object') return Object.keys(expect.body).length === 0;
  const fields: Readonly<Record<string, unknown>> = { ...body };
  return Object.entries(expect.body).every(([field, value]) => fields[field] === value);
}

export const nextOf = (was: Stored | undefined, change: PreparedChange): Stored | undefined =>
  change.action === 'put' ? stored(`{"version":${(was?.item.version ?? 0) + 1},${change.rest}`) : undefined;

/** What takes the item, and its entries in both indexes, from `was` to `next`. */
export function operations(
  stores: Stores,
  bytes: Buffer,
  was: Stored | undefined,
  next: Stored | undefined,
): Operation[] {
  const { items, attention, expiry } = stores;
  const ops: Operation[] = [];
  for (const [item, type] of [
    [was?.item, 'del'],
    [next?.item, 'put'],
  ] as const) {
    if (!item) continue;
    const move = (sublevel: typeof attention, key: Buffer): void => {
      ops.push(type === 'put' ? { type, key, value: '', sublevel } : { type, key, sublevel });
    };
    if (item.attentionAt !== undefined) {
      move(attention, timedBytes(String(attentionShardOf(item.pk)), item.attentionAt, item));
    }
    if (item.expiresAt !== undefined) move(expiry, timedBytes('', item.expiresAt, item));
  }
  if (next) ops.push({ type: 'put', key: bytes, value: next.text, sublevel: items });
  else if (was) ops.push({ type: 'del', key: bytes, sublevel: items });
  return ops;
}
