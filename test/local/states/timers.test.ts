import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeTimers } from '../../../local/states/timers.ts';
import { virtualClock } from '../virtual-clock.ts';

test('deadlines come in order, each at its time, except the cancelled ones; nothing is left behind', async () => {
  const plan = fc.array(fc.record({ at: fc.integer({ min: 1, max: 600 }), cancelIn: fc.option(fc.nat(5)) }), {
    maxLength: 300,
  });
  await fc.assert(
    fc.asyncProperty(plan, async (deadlines) => {
      const clock = virtualClock(0);
      const timers = makeTimers(clock);
      const came: [number, number][] = [];
      const cancels = deadlines.map(({ at }, i) => timers.at(at, () => came.push([clock.now(), i])));
      // Time goes on in steps of 100; what a step cancels has come already if its deadline was within the steps before.
      for (let step = 0; step <= 5; step += 1) {
        for (const [i, { cancelIn }] of deadlines.entries()) if (cancelIn === step) cancels[i]?.();
        await clock.advance(100);
      }
      const due = deadlines
        .map(({ at, cancelIn }, i) => ({ at, i, comes: cancelIn === null || at <= cancelIn * 100 }))
        .filter(({ comes }) => comes)
        .sort((a, b) => a.at - b.at || a.i - b.i);
      expect(came).toEqual(due.map(({ at, i }) => [at, i]));
      expect(timers.pending()).toBe(0);
      expect(clock.sleepers()).toBe(0);
    }),
    { numRuns: 25 },
  );
});

test('closed timers never come', async () => {
  const clock = virtualClock();
  const timers = makeTimers(clock);
  let came = 0;
  const cancel = timers.at(clock.now() + 10, () => {
    came += 1;
  });
  timers.close();
  cancel();
  await clock.advance(100);
  expect([came, timers.pending(), clock.sleepers()]).toEqual([0, 0, 0]);
});
