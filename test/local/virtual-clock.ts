/** A Clock whose time stands still until a test moves it. */
import type { Clock, Instant } from '../../core/ports.ts';

export interface VirtualClock extends Clock {
  /** Moves time on, waking sleepers in order, each at its own instant, and lets what they woke come to rest. */
  advance(ms: number): Promise<void>;
  /** Lets everything that can run without time passing come to rest. */
  settle(): Promise<void>;
  sleepers(): number;
}

export function virtualClock(start: Instant = Date.UTC(2030, 0, 1)): VirtualClock {
  let now = start;
  let order = 0;
  const sleepers: { at: Instant; order: number; wake: () => void }[] = [];

  const settle = async (): Promise<void> => {
    for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  return {
    now: () => now,
    sleep: (ms, cancel) =>
      new Promise((resolve) => {
        if (cancel?.aborted) return resolve();
        const sleeper = { at: now + Math.max(0, ms), order, wake: resolve };
        sleepers.push(sleeper);
        order += 1;
        const leave = (): void => {
          const place = sleepers.indexOf(sleeper);
          if (place >= 0) sleepers.splice(place, 1);
          resolve();
        };
        cancel?.addEventListener('abort', leave, { once: true });
      }),
    settle,
    sleepers: () => sleepers.length,
    async advance(ms) {
      const target = now + ms;
      await settle();
      for (;;) {
        sleepers.sort((a, b) => a.at - b.at || a.order - b.order);
        const first = sleepers[0];
        if (!first || first.at > target) break;
        sleepers.shift();
        now = first.at;
        first.wake();
        await settle();
      }
      now = target;
    },
  };
}
