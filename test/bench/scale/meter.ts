/** Counts what a ledger is asked, in the units that DynamoDB bills. The sums are made afterwards: they cost the measured nothing. */
import type { Change, Item, Ledger } from '../../../core/ports.ts';

export interface Used {
  /** 4 KB of a strongly consistent read; half of that of the index. */
  readonly readUnits: number;
  /** 1 KB of a write, twice that within a transaction. The index's own writes are left out. */
  readonly writeUnits: number;
  readonly itemsRead: number;
  readonly bytesRead: number;
  readonly commits: number;
  readonly conflicts: number;
}

export interface MeteredLedger extends Ledger {
  /** What was used since the last call. */
  take(): Used;
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const units = (bytes: number, size: number): number => Math.max(1, Math.ceil(bytes / size));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const writeUnitsOf = (changes: readonly Change[]): number => {
  const single = changes.length === 1 && !('check' in (changes[0] ?? {}));
  return sum(changes.map((change) => units('put' in change ? bytesOf(change.put) : 0, 1024) * (single ? 1 : 2)));
};

export function metered(ledger: Ledger): MeteredLedger {
  let reads: { readonly items: readonly Item[]; readonly consistent: boolean }[] = [];
  let commits: (readonly Change[])[] = [];
  let conflicts = 0;
  return {
    async get(key) {
      const item = await ledger.get(key);
      reads.push({ items: item ? [item] : [], consistent: true });
      return item;
    },
    async query(pk, options) {
      const page = await ledger.query(pk, options);
      reads.push({ items: page.items, consistent: true });
      return page;
    },
    async due(shard, by, options) {
      const page = await ledger.due(shard, by, options);
      reads.push({ items: page.keys as unknown as readonly Item[], consistent: false });
      return page;
    },
    async commit(commit) {
      const result = await ledger.commit(commit);
      commits.push(commit.changes);
      if (!result.ok) conflicts += 1;
      return result;
    },
    take() {
      const sizes = reads.map(({ items, consistent }) => ({ bytes: sum(items.map(bytesOf)), consistent }));
      const used: Used = {
        readUnits: sum(sizes.map(({ bytes, consistent }) => units(bytes, 4096) * (consistent ? 1 : 0.5))),
        writeUnits: sum(commits.map(writeUnitsOf)),
        itemsRead: sum(reads.map(({ items }) => items.length)),
        bytesRead: sum(sizes.map(({ bytes }) => bytes)),
        commits: commits.length,
        conflicts,
      };
      reads = [];
      commits = [];
      conflicts = 0;
      return used;
    },
  };
}
