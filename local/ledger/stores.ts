/** The three ordered maps of the ledger, in one database so that one batch writes them all or none. */
import type { AbstractBatchOperation, AbstractBatchOptions, AbstractLevel } from 'abstract-level';
import { ClassicLevel } from 'classic-level';
import { MemoryLevel } from 'memory-level';
import { refuse } from '../../core/errors.ts';

type Database = AbstractLevel<string | Buffer | Uint8Array, Buffer, string>;

const encodings = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const;

export type Operation = AbstractBatchOperation<Database, Buffer, string>;
export type Stores = Awaited<ReturnType<typeof openStores>>;

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
export async function openStores(location: string | undefined) {
  const database: Database =
    location === undefined ? new MemoryLevel<Buffer, string>(encodings) : await openDisk(location);
  await database.open();
  return {
    /** All or none; with `sync` (disk only) it waits until the disk has it. */
    write(operations: readonly Operation[], sync: boolean): Promise<void> {
      const options: AbstractBatchOptions<Buffer, string> & { sync: boolean } = { sync };
      return database.batch([...operations], options);
    },
    close: (): Promise<void> => database.close(),
    /** The items, by key. */
    items: database.sublevel<Buffer, string>('items', encodings),
    /** By shard and `attentionAt`; empty values. */
    attention: database.sublevel<Buffer, string>('attention', encodings),
    /** By `expiresAt`; empty values. */
    expiry: database.sublevel<Buffer, string>('expiry', encodings),
  };
}
