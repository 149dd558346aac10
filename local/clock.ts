/** The machine's own clock. */
import type { Clock } from '../core/ports.ts';

/** The longest delay a Node timer takes; a longer one would fire at once. */
const timerMaxMs = 2 ** 31 - 1;

function pause(ms: number, cancel: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      cancel?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    cancel?.addEventListener('abort', done, { once: true });
  });
}

export const realClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, cancel) {
    for (let left = ms; left > 0 && !cancel?.aborted; left -= timerMaxMs)
      await pause(Math.min(left, timerMaxMs), cancel);
  },
};
