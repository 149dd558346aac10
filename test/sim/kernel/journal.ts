/** What a step changed, and a mirror of all there is, for the invariants. Stands between the ledger and everybody. */
import type { Commit, Instant, Item, Key, Ledger } from '../../../core/ports.ts';
import type { ItemChange, PortCall } from './invariant.ts';
import type { RefMoved } from './stage.ts';

type Partition = Map<string, Item>;

export class Journal {
  readonly #partitions = new Map<string, Partition>();
  /** When items ask for attention, by key. */
  readonly #attention = new Map<string, Instant>();
  changed: ItemChange[] = [];
  moved: RefMoved[] = [];
  calls: PortCall[] = [];
  killed = false;

  #changingCalls = 0;

  /** Something has happened since the page was turned that may have broken something: more than reading. */
  get isOfNote(): boolean {
    return this.#changingCalls > 0 || this.changed.length > 0 || this.moved.length > 0 || this.killed;
  }

  called(call: PortCall, isChanging: boolean): void {
    this.calls.push(call);
    if (isChanging) this.#changingCalls += 1;
  }

  turnPage(): void {
    this.#changingCalls = 0;
    this.changed = [];
    this.moved = [];
    this.calls = [];
    this.killed = false;
  }

  get<Body>({ pk, sk }: Key): Item<Body> | undefined {
    return this.#partitions.get(pk)?.get(sk) as Item<Body> | undefined;
  }

  partition<Body>(pk: string, prefix = ''): readonly Item<Body>[] {
    const items = [...(this.#partitions.get(pk)?.values() ?? [])];
    return (prefix === '' ? items : items.filter(({ sk }) => sk.startsWith(prefix))) as unknown as Item<Body>[];
  }

  partitions(): Iterable<string> {
    return this.#partitions.keys();
  }

  items(): Item[] {
    return [...this.#partitions.values()].flatMap((partition) => [...partition.values()]);
  }

  /** Whether a patrol would find anything. One that would not reads the index in vain, and is not worth its steps. */
  isDue(by: Instant): boolean {
    for (const at of this.#attention.values()) if (at <= by) return true;
    return false;
  }

  /** The ledger, with every commit that it takes written down here. Commits must be nobody else's any more. */
  recording<L extends Ledger>(ledger: L, committed: (commit: Commit) => void): L {
    return {
      ...ledger,
      commit: async (commit: Commit) => {
        const result = await ledger.commit(commit);
        if (result.ok) {
          this.#take(commit);
          committed(commit);
        }
        return result;
      },
    };
  }

  #take(commit: Commit): void {
    for (const change of commit.changes) {
      if ('check' in change) continue;
      const key = 'put' in change ? change.put : change.delete;
      const was = this.get<never>(key);
      const is = 'put' in change ? { ...change.put, version: (was?.version ?? 0) + 1, commit: commit.id } : undefined;
      this.#set(key, is);
      this.changed.push({ key: { pk: key.pk, sk: key.sk }, was, is });
    }
  }

  #set({ pk, sk }: Key, item: Item | undefined): void {
    const name = `${pk} ${sk}`;
    if (item?.attentionAt === undefined) this.#attention.delete(name);
    else this.#attention.set(name, item.attentionAt);
    const partition = this.#partitions.get(pk) ?? new Map<string, Item>();
    if (item) partition.set(sk, item);
    else partition.delete(sk);
    if (partition.size > 0) this.#partitions.set(pk, partition);
    else this.#partitions.delete(pk);
  }
}
