/** Ordered maps in memory: a sorted list of keys beside a map. For ledgers that are small and short-lived. */
import type { Operation, Range, Store, Stores } from './stores.ts';

/** A character for each byte: such texts sort as the bytes do. */
const textOf = (key: Buffer): string => key.toString('latin1');

class MemoryStore implements Store {
  readonly #texts = new Map<string, string>();
  readonly #sorted: string[] = [];

  get(key: Buffer): Promise<string | undefined> {
    return Promise.resolve(this.#texts.get(textOf(key)));
  }

  getMany(keys: readonly Buffer[]): Promise<(string | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#texts.get(textOf(key))));
  }

  keys(range: Range): { all(): Promise<Uint8Array[]> } {
    const found = this.#range(range).map((key) => Buffer.from(key, 'latin1'));
    return { all: () => Promise.resolve(found) };
  }

  values(range: Range = {}): ReturnType<Store['values']> {
    const found = this.#range(range).map((key) => this.#texts.get(key) ?? '');
    return {
      nextv: (count) => Promise.resolve(found.splice(0, count)),
      all: () => Promise.resolve(found.splice(0)),
      close: () => Promise.resolve(),
    };
  }

  apply(operation: Operation): void {
    const key = textOf(operation.key);
    const isNew = !this.#texts.has(key);
    if (operation.type === 'put') {
      this.#texts.set(key, operation.value);
      if (isNew) this.#sorted.splice(this.#place(key), 0, key);
    } else if (!isNew) {
      this.#texts.delete(key);
      this.#sorted.splice(this.#place(key), 1);
    }
  }

  #range({ gt, gte, lt, lte, reverse = false, limit }: Range): string[] {
    const from = gt ? this.#place(`${textOf(gt)}\0`) : gte ? this.#place(textOf(gte)) : 0;
    const to = lt ? this.#place(textOf(lt)) : lte ? this.#place(`${textOf(lte)}\0`) : this.#sorted.length;
    const found = this.#sorted.slice(from, Math.max(from, to));
    if (reverse) found.reverse();
    return limit === undefined || limit >= found.length ? found : found.slice(0, Math.max(0, limit));
  }

  /** How many keys are smaller. */
  #place(key: string): number {
    let low = 0;
    for (let high = this.#sorted.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function memoryStores(): Stores {
  const [items, attention, expiry] = [new MemoryStore(), new MemoryStore(), new MemoryStore()];
  return {
    async write(operations) {
      for (const operation of operations) (operation.sublevel as MemoryStore).apply(operation);
    },
    close: () => Promise.resolve(),
    ...{ items, attention, expiry },
  };
}
