/**
 * Many deadlines over one Clock. `Clock.sleep` cannot be cancelled, so a deadline is an entry in a heap, and only the
 * earliest one has a sleep: 10,000 tasks that wait 30 days cost 10,000 small objects and one sleep.
 */
import type { Clock, Instant } from '../../core/ports.ts';

export interface Timers {
  /** Calls `act` once, at or after `deadline`, unless the returned function was called before. */
  at(deadline: Instant, act: () => void): () => void;
  /** Deadlines that are still to come. */
  pending(): number;
  close(): void;
}

/** A real timer overflows after 24.8 days, and a sleep holds memory until it ends: long waits go in steps. */
const sleepMaxMs = 60 * 60 * 1000;

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
  let closed = false;
  /** The sleeps under way, the earliest last: a new one is begun only if it ends before all of them. */
  const wakes: Instant[] = [];

  const arm = (): void => {
    const first = heap[0];
    if (closed || !first || heap.length === cancelled) return;
    const now = clock.now();
    const wake = Math.min(first.at, now + sleepMaxMs);
    const earliest = wakes.at(-1);
    if (earliest !== undefined && earliest <= wake) return;
    wakes.push(wake);
    void clock.sleep(Math.max(0, wake - now)).then(() => {
      wakes.splice(wakes.lastIndexOf(wake), 1);
      fire();
    });
  };

  const fire = (): void => {
    const now = clock.now();
    for (let first = heap[0]; !closed && first && (first.at <= now || !first.act); first = heap[0]) {
      pop(heap);
      const { act } = first;
      if (!act) cancelled -= 1;
      first.act = undefined;
      act?.();
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
      if (heap[0] === entry) arm();
      return () => {
        if (!entry.act) return;
        entry.act = undefined;
        cancelled += 1;
        compact();
      };
    },
    pending: () => heap.length - cancelled,
    close() {
      closed = true;
      heap = [];
      cancelled = 0;
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
