/** The three ordered maps of the ledger, in one database so that one batch writes them all or none. */
import type { AbstractBatchOperation, AbstractLevel } from 'abstract-level';
import { ClassicLevel } from 'classic-level';
import { refuse } from '../../core/errors.ts';
import { memoryStores } from './memory.ts';

type Database = AbstractLevel<string | Buffer | Uint8Array, Buffer, string>;

const encodings = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const;

export interface Range {
  readonly gt?: Buffer;
  readonly gte?: Buffer;
  readonly lt?: Buffer;
  readonly lte?: Buffer;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Texts by key, in the order of the keys' bytes. */
export interface Store {
  get(key: Buffer): Promise<string | undefined>;
  getMany(keys: Buffer[]): Promise<(string | undefined)[]>;
  keys(range: Range): { all(): Promise<Uint8Array[]> };
  values(range?: Range): {
    nextv(count: number): Promise<string[]>;
    all(): Promise<string[]>;
    close(): Promise<void>;
  };
}

export type Operation =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: string; readonly sublevel: Store }
  | { readonly type: 'del'; readonly key: Buffer; readonly sublevel: Store };

export interface Stores {
  /** All or none; with `sync` (disk only) it waits until the disk has it. */
  write(operations: readonly Operation[], sync: boolean): Promise<void>;
  close(): Promise<void>;
  /** The items, by key. */
  readonly items: Store;
  /** By shard and `attentionAt`; empty values. */
  readonly attention: Store;
  /** By `expiresAt`; empty values. */
  readonly expiry: Store;
}

/** The native binding's errors may come from another realm, where `instanceof` fails. */
const field = (error: unknown, name: 'code' | 'cause' | 'message'): unknown =>
  typeof error === 'object' && error !== null && name in error ? error[name as keyof typeof error] : undefined;

async function openDisk(location: string): Promise<Database> {
  const database: Database = new ClassicLevel<Buffer, string>(location, encodings);
  try {
    await database.open();
    return database;
  } catch (error) {
    const cause = field(error, 'cause');
    if (field(cause, 'code') === 'LEVEL_LOCKED') {
      throw refuse(
        409,
        'LEDGER_LOCKED',
        `another town has the ledger at ${location} open.`,
        'Stop that town first, or start this one with another directory.',
      );
    }
    const why = field(cause, 'message') ?? String(error);
    throw refuse(
      500,
      'LEDGER_UNREADABLE',
      `the ledger at ${location} cannot be opened: ${why}.`,
      'Check that the directory exists, is yours and is whole; restore it from a copy if it is damaged.',
    );
  }
}

/** On disk at `location`, or in memory. */
export async function openStores(location: string | undefined): Promise<Stores> {
  if (location === undefined) return memoryStores();
  const database = await openDisk(location);
  return {
    write(operations, sync) {
      const batch = operations as AbstractBatchOperation<Database, Buffer, string>[];
      return database.batch([...batch], { sync } as object);
    },
    close: () => database.close(),
    items: database.sublevel<Buffer, string>('items', encodings),
    attention: database.sublevel<Buffer, string>('attention', encodings),
    expiry: database.sublevel<Buffer, string>('expiry', encodings),
  };
}
