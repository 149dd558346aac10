/** Read and write units of items, by DynamoDB's published rules. */
import type { Instant, Item, Json } from '../ports.ts';

const KiB = 1024;

/** What the ledger's item weighs as a row: names and values of all its attributes. */
export function itemBytes({ pk, sk, version, commit, body, attentionAt, expiresAt }: Item): number {
  const attention = attentionAt === undefined ? 0 : 'attentionShard'.length + 3 + field('attentionAt', attentionAt);
  const expiry =
    expiresAt === undefined ? 0 : field('expires', Math.ceil(expiresAt / 1000)) + field('expiresAt', expiresAt);
  const own = field('pk', pk) + field('sk', sk) + field('version', version) + field('commit', commit);
  return own + field('body', body) + attention + expiry;
}

const field = (name: string, value: Json): number => utf8Bytes(name) + valueBytes(value);

/** Digits of a number weigh half a byte each, 3 bytes are each container's own, and 1 each of its elements'. */
function valueBytes(value: Json): number {
  if (typeof value === 'string') return utf8Bytes(value);
  if (typeof value === 'number') return Math.ceil(String(value).replace(/[^0-9]/g, '').length / 2) + 2;
  if (value === null || typeof value === 'boolean') return 1;
  if (Array.isArray(value)) return value.reduce((sum: number, element: Json) => sum + 1 + valueBytes(element), 3);
  return Object.entries(value).reduce((sum, [name, part]) => sum + 1 + field(name, part), 3);
}

export const utf8Bytes = (text: string): number => Buffer.byteLength(text);

/** Strongly consistent: one for each 4 KB. A page of a query is weighed as a whole; what is not there costs one too. */
export const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / (4 * KiB)));

/** Eventually consistent: half. */
export const hintUnits = (bytes: number): number => readUnits(bytes) / 2;

/** One for each 1 KB of the larger of the item before and after. A deletion of nothing costs one too. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / KiB));

/** Each write of a transaction, its checks too, is written twice: prepared, then committed. */
export const transactionFactor = 2;

/**
 * Writes of the attention index, whose entries are keys and so never over 1 KB: an entry is put, or deleted, or, when
 * the time changes, both. An item that keeps its time costs nothing. They come after the commit and are not doubled.
 */
export function indexWrites(before: Instant | undefined, after: Instant | undefined): number {
  if (before === after) return 0;
  return (before === undefined ? 0 : 1) + (after === undefined ? 0 : 1);
}
