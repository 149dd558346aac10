/**
 * Many deadlines over one Clock: a heap, of which only the earliest has a sleep. 10,000 tasks that wait 30 days cost
 * 10,000 small objects and one sleep; when nothing waits, there is none.
 */
import type { Clock, Instant } from '../../core/ports.ts';

export interface Timers {
  /** Calls `act` once, at or after `deadline`, unless the returned function was called before. */
  at(deadline: Instant, act: () => void): () => void;
  /** Deadlines that are still to come. */
  pending(): number;
  close(): void;
}

interface Entry {
  readonly at: Instant;
  readonly order: number;
  act: (() => void) | undefined;
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export function makeTimers(clock: Clock): Timers {
  let heap: Entry[] = [];
  let cancelled = 0;
  let order = 0;
  let sleeping: { readonly until: Instant; readonly cancel: AbortController } | undefined;

  const wake = (): void => {
    sleeping?.cancel.abort('an earlier deadline');
    sleeping = undefined;
  };

  const dropCancelled = (): void => {
    for (; heap[0] && !heap[0].act; cancelled -= 1) pop(heap);
  };

  /** One sleep, until the earliest deadline; none, if there is no deadline. */
  const arm = (): void => {
    dropCancelled();
    const first = heap[0];
    if (!first) {
      wake();
      return;
    }
    if (sleeping && sleeping.until <= first.at) return;
    wake();
    const own = { until: first.at, cancel: new AbortController() };
    sleeping = own;
    void clock.sleep(Math.max(0, first.at - clock.now()), own.cancel.signal).then(() => {
      if (sleeping !== own) return;
      sleeping = undefined;
      fire();
    });
  };

  const fire = (): void => {
    const now = clock.now();
    for (let first = heap[0]; first && (first.at <= now || !first.act); first = heap[0]) {
      pop(heap);
      const { act } = first;
      first.act = undefined;
      if (act) act();
      else cancelled -= 1;
    }
    arm();
  };

  /** Cancelled entries far in the future must not pile up. */
  const compact = (): void => {
    if (cancelled < 64 || cancelled * 2 < heap.length) return;
    heap = heap.filter((entry) => entry.act).sort((a, b) => (before(a, b) ? -1 : 1));
    cancelled = 0;
  };

  return {
    at(deadline, act) {
      const entry: Entry = { at: deadline, order, act };
      order += 1;
      push(heap, entry);
      arm();
      return () => {
        if (!entry.act) return;
        entry.act = undefined;
        cancelled += 1;
        compact();
        arm();
      };
    },
    pending: () => heap.length - cancelled,
    close() {
      for (const entry of heap) entry.act = undefined;
      heap = [];
      cancelled = 0;
      arm();
    },
  };
}

function push(heap: Entry[], entry: Entry): void {
  let i = heap.length;
  heap.push(entry);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const above = heap[parent];
    if (!above || !before(entry, above)) break;
    heap[i] = above;
    i = parent;
  }
  heap[i] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let i = 0;
  for (;;) {
    const left = heap[2 * i + 1];
    const right = heap[2 * i + 2];
    const child = right && left && before(right, left) ? 2 * i + 2 : 2 * i + 1;
    const below = heap[child];
    if (!below || !before(below, last)) break;
    heap[i] = below;
    i = child;
  }
  heap[i] = last;
}
