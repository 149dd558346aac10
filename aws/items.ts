/** An item of the ledger as a row of the table, and back. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { attentionShardOf } from '../core/keys.ts';
import type { Instant, Item, Json, Key } from '../core/ports.ts';
import { type Attribute, attributeOf, jsonOf } from './attributes.ts';

export type Row = Record<string, AttributeValue>;

interface Written extends Key {
  readonly body: Json;
  readonly attentionAt?: Instant;
  readonly expiresAt?: Instant;
}

export const keyRow = ({ pk, sk }: Key): Row => ({ pk: { S: pk }, sk: { S: sk } });

/** The attributes of a put that are neither key nor version. Time-to-live counts seconds, so the instant stands beside it. */
export const fieldsOf = (put: Written, commit: string): Row => ({
  commit: { S: commit },
  body: attributeOf(put.body),
  ...(put.attentionAt === undefined
    ? {}
    : { attentionShard: attributeOf(attentionShardOf(put.pk)), attentionAt: attributeOf(put.attentionAt) }),
  ...(put.expiresAt === undefined
    ? {}
    : { expires: attributeOf(Math.ceil(put.expiresAt / 1000)), expiresAt: attributeOf(put.expiresAt) }),
});

/** The attributes that an item may lack: what a write that replaces the item must remove. */
export const optionalFields = ['attentionShard', 'attentionAt', 'expires', 'expiresAt'] as const;

const textOf = (row: Readonly<Record<string, Attribute>>, name: string): string => {
  const text = row[name]?.S;
  if (text === undefined) throw new Error(`BUG: an item without "${name}": written by something other than the ledger`);
  return text;
};

function instantOf(row: Readonly<Record<string, Attribute>>, name: string): Instant | undefined {
  const digits = row[name]?.N;
  return digits === undefined ? undefined : Number(digits);
}

export const keyOf = (row: Readonly<Record<string, Attribute>>): Key => ({
  pk: textOf(row, 'pk'),
  sk: textOf(row, 'sk'),
});

export function itemOf(row: Readonly<Record<string, Attribute>>): Item {
  const attentionAt = instantOf(row, 'attentionAt');
  const expiresAt = instantOf(row, 'expiresAt');
  return {
    ...keyOf(row),
    version: instantOf(row, 'version') ?? 0,
    commit: textOf(row, 'commit'),
    body: jsonOf(row.body ?? {}),
    ...(attentionAt === undefined ? {} : { attentionAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
