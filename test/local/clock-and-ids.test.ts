import { describe, expect, test } from '@jest/globals';
import { realClock } from '../../local/clock.ts';
import { realIds } from '../../local/ids.ts';

describe('the laptop’s clock', () => {
  test('sleep ends no earlier than its time', async () => {
    const start = performance.now();
    await realClock.sleep(30);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  test('a cancelled sleep ends, however long it was to be, and whenever it was cancelled', async () => {
    const soon = new AbortController();
    const sleeps = [realClock.sleep(60_000, soon.signal), realClock.sleep(400 * 24 * 3600 * 1000, soon.signal)];
    soon.abort();
    await Promise.all([...sleeps, realClock.sleep(60_000, soon.signal)]);
  });

  test('a sleep longer than a timer can hold does not end at once', async () => {
    const cancel = new AbortController();
    let ended = false;
    const sleep = realClock.sleep(2 ** 31, cancel.signal).then(() => {
      ended = true;
    });
    await realClock.sleep(20);
    expect(ended).toBe(false);
    cancel.abort();
    await sleep;
  });
});

describe('the laptop’s ids', () => {
  test('ULIDs sort in the order they were made and never repeat, also when the clock goes back', () => {
    let now = 1_700_000_000_000;
    const ids = realIds({ now: () => now });
    const made = Array.from({ length: 2000 }, (_, i) => {
      if (i % 500 === 499) now -= 10_000;
      return ids.ulid();
    });
    expect(new Set(made).size).toBe(2000);
    expect([...made].sort()).toEqual(made);
    for (const id of made) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test('secrets are 256 bits in hex and differ', () => {
    const ids = realIds(realClock);
    expect(ids.secret()).toMatch(/^[0-9a-f]{64}$/);
    expect(ids.secret()).not.toBe(ids.secret());
  });

  test('random numbers are spread over [0, 1)', () => {
    const ids = realIds(realClock);
    const drawn = Array.from({ length: 5000 }, () => ids.random());
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    // Standard deviation of the mean: 0.289 / √5000 = 0.004; ten of them.
    expect(Math.abs(drawn.reduce((sum, n) => sum + n, 0) / drawn.length - 0.5)).toBeLessThan(0.04);
  });
});
