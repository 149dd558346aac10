/**
 * The only writer. Commits are decided one after another, each on what the ones before it leave, but those that wait
 * together are written together: one batch, one flush of the disk, however many there are.
 */
import { refuse, type TownError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { Clock, CommitResult, Item } from '../../core/ports.ts';
import { itemBytes, timedEntry, timedRange } from './encoding.ts';
import { isAsExpected, nextOf, operations, type PreparedCommit, type Stored, stored } from './prepared.ts';
import type { Operation, Stores } from './stores.ts';

export interface WriterOptions {
  readonly stores: Stores;
  readonly clock: Pick<Clock, 'now'>;
  readonly sync: boolean;
  /** Runs around every write to the database: where tests make the disk full. */
  readonly aroundWrite: (write: () => Promise<void>) => Promise<void>;
  readonly committed: (put: readonly Item[]) => void;
}

interface Waiting {
  readonly commit: PreparedCommit;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

/** What the commits of one batch see: the database, and over it what the earlier ones of the batch will leave. */
type View = Map<string, Stored | undefined>;

interface Decided {
  readonly result: CommitResult;
  readonly ops: readonly Operation[];
  readonly put: readonly Item[];
}

function decide(stores: Stores, view: View, { changes }: PreparedCommit): Decided {
  const conflicts = changes.filter(({ name, expect }) => !isAsExpected(view.get(name), expect)).map(({ key }) => key);
  if (conflicts.length > 0) return { result: { ok: false, conflicts }, ops: [], put: [] };
  const ops: Operation[] = [];
  const put: Item[] = [];
  for (const change of changes) {
    if (change.action === 'check') continue;
    const was = view.get(change.name);
    const next = nextOf(was, change);
    view.set(change.name, next);
    ops.push(...operations(stores, change.bytes, was, next));
    if (next) put.push(next.item);
  }
  return { result: { ok: true }, ops, put };
}

async function viewOf(stores: Stores, group: readonly Waiting[]): Promise<View> {
  const wanted = new Map(
    group.flatMap(({ commit }) => commit.changes.map(({ name, bytes }) => [name, bytes] as const)),
  );
  const texts = await stores.items.getMany([...wanted.values()]);
  return new Map([...wanted.keys()].map((name, i) => [name, texts[i] === undefined ? undefined : stored(texts[i])]));
}

const unwritable = (cause: unknown): TownError =>
  refuse(
    507,
    'LEDGER_UNWRITABLE',
    `the ledger could not be written (${cause instanceof Error ? cause.message : String(cause)}) and takes no more commits.`,
    'Free disk space, then start the town again: it goes on from the last commit that was answered.',
  );

export function makeWriter({ stores, clock, sync, aroundWrite, committed }: WriterOptions) {
  const waiting: Waiting[] = [];
  let isRunning = false;
  let running: Promise<void> = Promise.resolve();
  /** After a failed write the database's log may end in half a record: nothing may be appended to it. */
  let broken: TownError | undefined;
  let commitsToSweep: number = limits.sweepEveryCommits;

  async function write(ops: readonly Operation[]): Promise<void> {
    if (ops.length === 0) return;
    try {
      await aroundWrite(() => stores.write(ops, sync));
    } catch (error) {
      broken = unwritable(error);
      throw broken;
    }
  }

  async function writeTogether(group: readonly Waiting[]): Promise<void> {
    const view = await viewOf(stores, group);
    const decided = group.map(({ commit }) => decide(stores, view, commit));
    await write(decided.flatMap(({ ops }) => ops));
    for (const [i, { result, put }] of decided.entries()) {
      if (put.length > 0) committed(put);
      group[i]?.resolve(result);
    }
  }

  /** Removes a few items that expired, as DynamoDB does: some time after, without telling anyone. */
  async function sweep(): Promise<void> {
    const entries = await stores.expiry.keys({ ...timedRange('', clock.now()), limit: limits.sweepItemsMax }).all();
    const bytes = entries.map((entry) => itemBytes(timedEntry(entry).key));
    const texts = await stores.items.getMany(bytes);
    await write(
      bytes.flatMap((key, i) => {
        const text = texts[i];
        return text === undefined ? [] : operations(stores, key, stored(text), undefined);
      }),
    );
  }

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, limits.commitsPerWriteMax);
      try {
        if (broken) throw broken;
        await writeTogether(group);
        commitsToSweep -= group.length;
        if (commitsToSweep > 0) continue;
        commitsToSweep = limits.sweepEveryCommits;
        await sweep();
      } catch (error) {
        // A failed sweep rejects nobody: its commits are answered. If it could not write, the next commit hears of it.
        for (const { reject } of group) reject(error);
      }
    }
    isRunning = false;
  }

  return {
    commit: (commit: PreparedCommit): Promise<CommitResult> =>
      new Promise((resolve, reject) => {
        waiting.push({ commit, resolve, reject });
        if (!isRunning) running = run();
      }),
    /** Resolves when every commit handed over so far is answered. */
    settled: (): Promise<void> => running,
  };
}
