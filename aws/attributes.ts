/** JSON to DynamoDB's attribute values and back, and what they weigh. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Json } from '../core/ports.ts';

/** An attribute as SDK and stream both have it, without the kinds that JSON does not need. */
export interface Attribute {
  readonly S?: string;
  readonly N?: string;
  readonly BOOL?: boolean;
  readonly NULL?: boolean;
  readonly L?: readonly Attribute[];
  readonly M?: Readonly<Record<string, Attribute>>;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** For values that have passed the ledger's refusals. */
export function attributeOf(value: Json): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: String(value) };
  if (isList(value)) return { L: value.map(attributeOf) };
  return { M: Object.fromEntries(Object.entries(value).map(([name, field]) => [name, attributeOf(field)])) };
}

export function jsonOf(attribute: Attribute): Json {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.NULL) return null;
  if (attribute.L) return attribute.L.map(jsonOf);
  if (attribute.M) return Object.fromEntries(Object.entries(attribute.M).map(([name, field]) => [name, jsonOf(field)]));
  throw new Error(`BUG: an attribute of a kind that the ledger never writes: ${Object.keys(attribute).join()}`);
}

/** Bytes of an item (or of a map), as DynamoDB counts them: names in UTF-8, numbers by their digits, 3 + 1 for each nesting. */
export const bytesOfMap = (map: Readonly<Record<string, Attribute>>): number =>
  Object.entries(map).reduce((sum, [name, field]) => sum + Buffer.byteLength(name) + bytesOf(field), 0);

function bytesOf({ S, N, L, M }: Attribute): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return Math.ceil(N.replace(/[^0-9]/g, '').length / 2) + 2;
  if (L) return L.reduce((sum, element) => sum + 1 + bytesOf(element), 3);
  if (M) return 3 + Object.keys(M).length + bytesOfMap(M);
  return 1;
}
