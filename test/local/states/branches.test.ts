import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../core/ports.ts';
import { awaitToken, invoke, rig, showing, thrower } from './rig.ts';

const branch = (name: string, state: object): object => ({ StartAt: name, States: { [name]: state } });
const wait = (seconds: number, more: object = { End: true }): object => ({ Type: 'Wait', Seconds: seconds, ...more });
const tokenOf = (payload: Json): string => (payload as { token: string }).token;

describe('Parallel', () => {
  test('gives the outputs in the order of its branches, whichever ends first', async () => {
    const town = rig(
      showing({
        Both: {
          Type: 'Parallel',
          Branches: [
            branch('Slow', wait(2, { Output: 'slow', End: true })),
            branch('Fast', wait(1, { Output: 'fast', End: true })),
          ],
          Next: 'Show',
        },
      }),
    );
    await town.run();
    await town.clock.advance(2000);
    expect(town.last()).toEqual(['slow', 'fast']);
    expect(town.calls[0]?.at).toBe(2000);
  });

  test('gives its Arguments to every branch, and its result to Output and Assign', async () => {
    const pass = { Type: 'Pass', End: true };
    const town = rig(
      showing({
        Both: {
          Type: 'Parallel',
          Arguments: { n: '{% $states.input.n * 2 %}' },
          Branches: [branch('A', pass), branch('B', pass)],
          Assign: { first: '{% $states.result[0].n %}' },
          Output: '{% $count($states.result) %}',
          Next: 'Tell',
        },
        Tell: { Type: 'Pass', Output: ['{% $first %}', '{% $states.input %}'], Next: 'Show' },
      }),
    );
    await town.run({ n: 2 });
    expect(town.last()).toEqual([4, 2]);
  });

  test('a branch reads the variables around it, and its own are gone with it', async () => {
    const town = rig(
      showing({
        Set: { Type: 'Pass', Assign: { outer: 1 }, Next: 'Both' },
        Both: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'A',
              States: {
                A: { Type: 'Pass', Assign: { mine: 'a' }, Next: 'A2' },
                A2: { Type: 'Pass', Output: '{% [$outer, $mine] %}', End: true },
              },
            },
            {
              StartAt: 'B',
              States: {
                B: { Type: 'Pass', Assign: { mine: 'b' }, Next: 'B2' },
                B2: { Type: 'Pass', Output: '{% [$outer, $mine] %}', End: true },
              },
            },
          ],
          Next: 'Show',
        },
      }),
    );
    await town.run();
    expect(town.last()).toEqual([
      [1, 'a'],
      [1, 'b'],
    ]);
  });

  test('a branch that fails cancels the others: their tokens are gone and their timers do nothing', async () => {
    const town = rig(
      showing({
        Both: {
          Type: 'Parallel',
          Branches: [
            branch('Ask', awaitToken({ End: true })),
            { StartAt: 'Rest', States: { Rest: wait(5, { Next: 'Late' }), Late: invoke('late', {}, { End: true }) } },
            { StartAt: 'Short', States: { Short: wait(1, { Next: 'Boom' }), Boom: { Type: 'Fail', Error: 'Boom' } } },
          ],
          Catch: [{ ErrorEquals: ['Boom'], Output: '{% $states.errorOutput.Error %}', Next: 'Show' }],
          Next: 'Show',
        },
      }),
    );
    await town.run();
    const token = tokenOf(town.last());
    await town.clock.advance(1000);
    expect(town.endings).toEqual([{ name: 'one', status: 'succeeded' }]);
    expect(town.last()).toBe('Boom');
    expect(await town.workflows.succeed(token, {})).toBe('gone');
    await town.clock.advance(10_000);
    expect(town.calls.map(({ functionName }) => functionName)).toEqual(['ask', 'show']);
    expect(town.clock.sleepers()).toBe(0);
  });

  test('is retried as a whole', async () => {
    const town = rig(
      showing({
        Both: {
          Type: 'Parallel',
          Branches: [branch('A', invoke('a', {}, { End: true })), branch('B', invoke('b', {}, { End: true }))],
          Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 1 }],
          Next: 'Show',
        },
      }),
      { functions: { b: thrower('Boom') } },
    );
    await town.run();
    await town.clock.advance(1000);
    expect(town.calls.map(({ functionName }) => functionName)).toEqual(['a', 'b', 'a', 'b']);
    expect(town.endings[0]).toMatchObject({ status: 'failed', error: 'Boom' });
  });

  test('stops with its execution', async () => {
    const town = rig(
      showing({
        Both: {
          Type: 'Parallel',
          Branches: [branch('Ask', awaitToken({ End: true })), branch('Rest', wait(9))],
          Next: 'Show',
        },
      }),
    );
    await town.run();
    await town.workflows.stop('m', 'one', 'enough');
    expect(await town.workflows.succeed(tokenOf(town.last()), {})).toBe('gone');
    expect(town.clock.sleepers()).toBe(0);
  });
});

describe('Map', () => {
  const mapping = (more: object, state: object = { Type: 'Pass', End: true }): object =>
    showing({
      All: {
        Type: 'Map',
        ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...branch('Each', state) },
        Next: 'Show',
        ...more,
      },
    });

  test('runs its processor for each item and gives the outputs in order', async () => {
    const town = rig(
      mapping({ Items: '{% $states.input.list %}' }, { Type: 'Pass', Output: '{% $states.input * 10 %}', End: true }),
    );
    await town.run({ list: [1, 2, 3] });
    expect(town.last()).toEqual([10, 20, 30]);
  });

  test('takes its input as the items, and an empty list is done at once', async () => {
    const town = rig(mapping({}));
    await town.run(['a'], 'some');
    expect(town.last()).toEqual(['a']);
    await town.run([], 'none');
    expect(town.last()).toEqual([]);
  });

  test('a single item stays a list', async () => {
    const town = rig(mapping({ Items: [{ only: '{% $states.input.n %}' }] }));
    await town.run({ n: 1 });
    expect(town.last()).toEqual([{ only: 1 }]);
  });

  test('ItemSelector makes the input of each iteration from the item, its index and the state’s input', async () => {
    const selector = {
      i: '{% $states.context.Map.Item.Index %}',
      item: '{% $states.context.Map.Item.Value %}',
      n: '{% $states.input.n %}',
    };
    const town = rig(mapping({ Items: ['a', 'b'], ItemSelector: selector }));
    await town.run({ n: 5 });
    expect(town.last()).toEqual([
      { i: 0, item: 'a', n: 5 },
      { i: 1, item: 'b', n: 5 },
    ]);
  });

  test.each([
    [2, [0, 0, 1000, 1000, 2000]],
    [1, [0, 1000, 2000, 3000, 4000]],
    [0, [0, 0, 0, 0, 0]],
  ])('runs at most MaxConcurrency iterations at once: %d', async (concurrency, starts) => {
    const town = rig(
      showing({
        All: {
          Type: 'Map',
          Items: [1, 2, 3, 4, 5],
          MaxConcurrency: `{% ${concurrency} %}`,
          ItemProcessor: { StartAt: 'Ask', States: { Ask: invoke('ask', {}, { Next: 'Rest' }), Rest: wait(1) } },
          Next: 'Show',
        },
      }),
    );
    await town.run();
    await town.clock.advance(10_000);
    expect(town.calls.filter(({ functionName }) => functionName === 'ask').map(({ at }) => at)).toEqual(starts);
    expect(town.endings).toHaveLength(1);
  });

  test('never runs more than 40 at once, as Step Functions does not', async () => {
    const town = rig(mapping({ Items: '{% $range(1, 100, 1) %}' }, awaitToken({ End: true })));
    await town.run();
    expect(town.calls).toHaveLength(40);
  });

  test('an iteration that fails stops the rest from beginning', async () => {
    const f = (n: Json) => (n === 2 ? thrower('Boom')() : n);
    const town = rig(
      mapping({ Items: [1, 2, 3, 4], MaxConcurrency: 1 }, invoke('f', '{% $states.input %}', { End: true })),
      { functions: { f } },
    );
    expect(await town.run()).toMatchObject({ status: 'failed', error: 'Boom' });
    expect(town.calls.map(({ payload }) => payload)).toEqual([1, 2]);
  });

  test('items that are no list are an error', async () => {
    const town = rig(mapping({ Items: '{% $states.input %}' }));
    expect(await town.run({ a: 1 })).toMatchObject({ status: 'failed', error: 'States.QueryEvaluationError' });
  });
});
