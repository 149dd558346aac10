import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../core/ports.ts';
import type { Retrier } from '../../../local/states/machine.ts';
import { backoffMs } from '../../../local/states/recover.ts';
import { invoke, rig, seededIds, showing, thrower } from './rig.ts';

const boom = { functions: { f: thrower('Boom') } };
const trying = (more: object): object => showing({ Try: invoke('f', {}, { Next: 'Show', ...more }) });

describe('Retry', () => {
  test('waits longer each time, up to the longest delay, and then fails', async () => {
    const town = rig(
      trying({
        Retry: [{ ErrorEquals: ['Boom'], IntervalSeconds: 2, BackoffRate: 3, MaxDelaySeconds: 10, MaxAttempts: 4 }],
      }),
      boom,
    );
    await town.run();
    await town.clock.advance(100_000);
    expect(town.calls.map(({ at }) => at)).toEqual([0, 2000, 8000, 18_000, 28_000]);
    expect(town.endings[0]).toMatchObject({ status: 'failed', error: 'Boom' });
  });

  test('is a transition of its own, as is each state that is entered', async () => {
    const f = (payload: Json) => (payload === 1 ? 1 : thrower('Boom')());
    const definition = showing({
      First: invoke('f', 1, { Next: 'Try' }),
      Try: invoke('f', 2, {
        Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 2 }],
        Catch: [{ ErrorEquals: ['Boom'], Next: 'Show' }],
        Next: 'Show',
      }),
    });
    const town = rig(definition, { functions: { f } });
    await town.run();
    await town.clock.advance(100_000);
    expect(town.entered).toEqual(['First', 'Try', 'Try', 'Try', 'Show']);
  });

  test('by default: three times, after 1, 2 and 4 s', async () => {
    const town = rig(trying({ Retry: [{ ErrorEquals: ['States.ALL'] }] }), boom);
    await town.run();
    await town.clock.advance(100_000);
    expect(town.calls.map(({ at }) => at)).toEqual([0, 1000, 3000, 7000]);
  });

  test('goes on as if nothing had been once a try succeeds', async () => {
    let tries = 0;
    const f = () => {
      tries += 1;
      return tries < 3 ? thrower('Boom')() : 'at last';
    };
    const town = rig(trying({ Retry: [{ ErrorEquals: ['Boom'] }], Output: '{% $states.result.Payload %}' }), {
      functions: { f },
    });
    await town.run();
    await town.clock.advance(3000);
    expect(town.last()).toBe('at last');
  });

  test('each retrier counts its own tries, and the first that matches is used', async () => {
    const errors = ['A', 'B', 'A', 'B', 'A'];
    const f = () => thrower(errors.shift() ?? 'None')();
    const town = rig(
      trying({
        Retry: [
          { ErrorEquals: ['A'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 2 },
          { ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 10, BackoffRate: 1, MaxAttempts: 9 },
        ],
      }),
      { functions: { f } },
    );
    await town.run();
    await town.clock.advance(100_000);
    expect(town.calls.map(({ at }) => at)).toEqual([0, 1000, 11_000, 12_000, 22_000]);
    expect(town.endings[0]).toMatchObject({ error: 'A' });
  });

  test('tells the state how often it was retried', async () => {
    const town = rig(
      showing({
        Try: invoke('f', '{% $states.context.State.RetryCount %}', {
          Retry: [{ ErrorEquals: ['Boom'] }],
          Next: 'Show',
        }),
      }),
      boom,
    );
    await town.run();
    await town.clock.advance(3000);
    expect(town.calls.map(({ payload }) => payload)).toEqual([0, 1, 2]);
  });

  test('0 attempts means none', async () => {
    const town = rig(
      trying({ Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }] }),
      boom,
    );
    expect(await town.run()).toMatchObject({ status: 'failed' });
  });

  test('full jitter lies between 0 and the delay, and differs between tries; without, there is none', () => {
    const retrier: Retrier = {
      errorEquals: [],
      intervalSeconds: 8,
      attemptsMax: 9,
      backoffRate: 2,
      delayMaxSeconds: 60,
      jitter: 'FULL',
    };
    const ids = seededIds();
    fc.assert(
      fc.property(fc.nat(20), (before) => {
        const delay = Math.min(8000 * 2 ** before, 60_000);
        expect(backoffMs({ ...retrier, jitter: 'NONE' }, before, ids)).toBe(delay);
        const jittered = backoffMs(retrier, before, ids);
        expect(jittered).toBeGreaterThanOrEqual(0);
        expect(jittered).toBeLessThanOrEqual(delay);
      }),
    );
    expect(new Set([0, 0, 0, 0].map((before) => backoffMs(retrier, before, ids))).size).toBeGreaterThan(1);
  });
});

describe('Catch', () => {
  test('leads on with the error as input; the first catcher that matches', async () => {
    const town = rig(
      trying({
        Catch: [
          { ErrorEquals: ['Bang'], Next: 'Show', Output: 'bang' },
          { ErrorEquals: ['Boom'], Next: 'Show' },
          { ErrorEquals: ['States.ALL'], Next: 'Show', Output: 'all' },
        ],
      }),
      boom,
    );
    await town.run();
    expect(town.last()).toEqual({
      Error: 'Boom',
      Cause: JSON.stringify({ errorType: 'Boom', errorMessage: 'Boom it is' }),
    });
  });

  test('has its own Output and Assign, which see the error and the input, and the state keeps its own', async () => {
    const town = rig(
      showing({
        Try: invoke(
          'f',
          {},
          {
            Assign: { by: 'state' },
            Output: 'state',
            Catch: [
              {
                ErrorEquals: ['Boom'],
                Assign: { by: '{% $states.errorOutput.Error %}' },
                Output: '{% $states.input.n %}',
                Next: 'Both',
              },
            ],
            Next: 'Both',
          },
        ),
        Both: { Type: 'Pass', Output: ['{% $by %}', '{% $states.input %}'], Next: 'Show' },
      }),
      boom,
    );
    await town.run({ n: 7 });
    expect(town.last()).toEqual(['Boom', 7]);
  });

  test('comes after the retries', async () => {
    const town = rig(
      trying({
        Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 1 }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Show' }],
      }),
      boom,
    );
    await town.run();
    await town.clock.advance(1000);
    expect(town.calls.map(({ functionName }) => functionName)).toEqual(['f', 'f', 'show']);
  });

  test('a failing expression of the state is caught; one of the catcher itself is not', async () => {
    const missing = '{% $states.input.missing %}';
    const caught = rig(
      trying({ Output: missing, Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'Show' }] }),
    );
    await caught.run();
    expect(caught.last()).toMatchObject({ Error: 'States.QueryEvaluationError' });
    const lost = rig(trying({ Catch: [{ ErrorEquals: ['States.ALL'], Output: missing, Next: 'Show' }] }), boom);
    expect(await lost.run()).toMatchObject({ status: 'failed', error: 'States.QueryEvaluationError' });
  });

  test('States.TaskFailed stands for every error but a time-out', async () => {
    const catching = { Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'Show' }], TimeoutSeconds: 1 };
    const failed = rig(trying(catching), boom);
    expect(await failed.run()).toMatchObject({ status: 'succeeded' });
    const late = rig(trying(catching), { functions: { f: () => new Promise(() => undefined) } });
    await late.run();
    await late.clock.advance(1000);
    expect(late.endings[0]).toMatchObject({ status: 'timed_out' });
  });
});
