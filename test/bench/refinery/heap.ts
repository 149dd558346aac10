/** A binary heap, the earliest first; of two at the same instant the one that was put in first. */
export interface Timed {
  readonly at: number;
  readonly order: number;
}

const before = (a: Timed, b: Timed): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export function push<T extends Timed>(heap: T[], added: T): void {
  let i = heap.push(added) - 1;
  for (;;) {
    const above = (i - 1) >> 1;
    const parent = heap[above];
    if (i === 0 || !parent || before(parent, added)) break;
    heap[i] = parent;
    i = above;
  }
  heap[i] = added;
}

export function pop<T extends Timed>(heap: T[]): T | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let i = 0;
  for (;;) {
    let below = 2 * i + 1;
    const [left, right] = [heap[below], heap[below + 1]];
    if (!left) break;
    if (right && before(right, left)) below += 1;
    const child = heap[below];
    if (!child || before(last, child)) break;
    heap[i] = child;
    i = below;
  }
  heap[i] = last;
  return first;
}
