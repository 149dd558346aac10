import type { Item, Ledger, QueryOptions } from '../../core/ports.ts';

/** All items of a query, page after page. Only for partitions that are bounded. */
export async function queryAll<Body>(ledger: Ledger, pk: string, options: QueryOptions = {}): Promise<Item<Body>[]> {
  const items: Item<Body>[] = [];
  for (let after = options.after; ; ) {
    const page = await ledger.query(pk, after === undefined ? options : { ...options, after });
    items.push(...(page.items as Item<Body>[]));
    if (page.next === undefined || (options.limit !== undefined && items.length >= options.limit)) return items;
    after = page.next;
  }
}
