/** The table's stream, as Lambda delivers it, read as items of the ledger. */
import type { Item } from '../core/ports.ts';
import type { Attribute } from './attributes.ts';
import { itemOf } from './items.ts';

/** The part of Lambda's DynamoDB event that the town reads. */
export interface StreamRecord {
  readonly eventName?: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb?: { readonly NewImage?: Readonly<Record<string, Attribute>>; readonly SequenceNumber?: string };
}

/** The item as this write left it; absent when the write removed it. */
export function itemOfStreamRecord({ eventName, dynamodb }: StreamRecord): Item | undefined {
  if (eventName === 'REMOVE' || !dynamodb?.NewImage) return undefined;
  return itemOf(dynamodb.NewImage);
}
