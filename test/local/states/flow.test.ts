import { describe, expect, test } from '@jest/globals';
import { invoke, rig, showing } from './rig.ts';

describe('Pass', () => {
  test('hands its input on, and Output replaces it', async () => {
    const town = rig(
      showing({
        Same: { Type: 'Pass', Next: 'Other' },
        Other: {
          Type: 'Pass',
          Output: { a: '{% $states.input.n + 1 %}', b: ['{% $states.input.n %}', 'text'] },
          Next: 'Show',
        },
      }),
    );
    expect(await town.run({ n: 1 })).toMatchObject({ status: 'succeeded' });
    expect(town.last()).toEqual({ a: 2, b: [1, 'text'] });
  });
});

describe('Choice', () => {
  const choosing = showing({
    Pick: {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $states.input.n = 1 %}', Next: 'Show', Output: 'first' },
        { Condition: '{% $states.input.n < 3 %}', Next: 'Show', Output: 'second' },
      ],
      Default: 'Show',
      Output: 'none',
    },
  });

  test.each([
    [1, 'first'],
    [2, 'second'],
    [3, 'none'],
  ])('takes the first rule that holds: %d gives %s', async (n, said) => {
    const town = rig(choosing);
    await town.run({ n });
    expect(town.last()).toBe(said);
  });

  test('fails where no rule holds and there is no Default', async () => {
    const town = rig({
      StartAt: 'Pick',
      States: {
        Pick: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'End' }] },
        End: { Type: 'Succeed' },
      },
    });
    expect(await town.run()).toMatchObject({ status: 'failed', error: 'States.NoChoiceMatched' });
  });

  test('a condition that is not a boolean is an error, not false', async () => {
    const town = rig(
      showing({
        Pick: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.n %}', Next: 'Show' }], Default: 'Show' },
      }),
    );
    expect(await town.run({ n: 1 })).toMatchObject({ status: 'failed', error: 'States.QueryEvaluationError' });
  });

  test('a rule has its own Assign', async () => {
    const town = rig({
      StartAt: 'Pick',
      States: {
        Pick: {
          Type: 'Choice',
          Choices: [{ Condition: '{% true %}', Next: 'Show', Assign: { said: 'rule' } }],
          Default: 'Show',
          Assign: { said: 'default' },
        },
        Show: invoke('show', '{% $said %}', { End: true }),
      },
    });
    await town.run();
    expect(town.last()).toBe('rule');
  });
});

describe('Wait', () => {
  test('waits the seconds that an expression gives, and not less', async () => {
    const town = rig(showing({ Rest: { Type: 'Wait', Seconds: '{% $states.input.s * 2 %}', Next: 'Show' } }));
    await town.run({ s: 30 });
    await town.clock.advance(59_999);
    expect(town.calls).toEqual([]);
    await town.clock.advance(1);
    expect(town.calls).toHaveLength(1);
  });

  test('waits until an instant, and not at all for one that has passed', async () => {
    const town = rig(showing({ Rest: { Type: 'Wait', Timestamp: '{% $states.input.at %}', Next: 'Show' } }));
    await town.run({ at: '2030-01-01T00:01:00+00:00' }, 'later');
    await town.run({ at: '2029-12-31T23:59:59.5Z' }, 'past');
    expect(await town.workflows.describe('m', 'past')).toBe('succeeded');
    await town.clock.advance(60_000);
    expect(town.calls.map(({ at }) => at)).toEqual([0, 60_000]);
  });

  test('refuses seconds that are no whole number', async () => {
    const town = rig(showing({ Rest: { Type: 'Wait', Seconds: '{% 1.5 %}', Next: 'Show' } }));
    expect(await town.run()).toMatchObject({ status: 'failed', error: 'States.QueryEvaluationError' });
  });
});

describe('the end', () => {
  test('Fail fails with its error and cause, which may be expressions', async () => {
    const town = rig({
      StartAt: 'No',
      States: { No: { Type: 'Fail', Error: 'Sorry', Cause: "{% 'for ' & $states.input.who %}" } },
    });
    expect(await town.run({ who: 'you' })).toEqual({ name: 'one', status: 'failed', error: 'Sorry', cause: 'for you' });
  });

  test('an execution that takes longer than its machine allows has timed out', async () => {
    const town = rig({ TimeoutSeconds: 10, ...showing({ Rest: { Type: 'Wait', Seconds: 60, Next: 'Show' } }) });
    await town.run();
    await town.clock.advance(9_999);
    expect(await town.workflows.describe('m', 'one')).toBe('running');
    await town.clock.advance(1);
    expect(town.endings).toEqual([expect.objectContaining({ status: 'timed_out', error: 'States.Timeout' })]);
    await town.clock.advance(100_000);
    expect(town.calls).toEqual([]);
  });
});

describe('variables', () => {
  test('an assignment shows in the next state, not in the one that makes it', async () => {
    const town = rig({
      StartAt: 'One',
      States: {
        One: { Type: 'Pass', Assign: { n: 1 }, Next: 'Two' },
        Two: {
          Type: 'Pass',
          Assign: { n: '{% $n + 1 %}', old: '{% $n %}' },
          Output: { during: '{% $n %}' },
          Next: 'Show',
        },
        Show: invoke('show', { n: '{% $n %}', old: '{% $old %}', during: '{% $states.input.during %}' }, { End: true }),
      },
    });
    await town.run();
    expect(town.last()).toEqual({ n: 2, old: 1, during: 1 });
  });

  test('of one execution are not those of another', async () => {
    const town = rig({
      StartAt: 'One',
      States: {
        One: { Type: 'Pass', Assign: { n: '{% $states.input.n %}' }, Next: 'Rest' },
        Rest: { Type: 'Wait', Seconds: 1, Next: 'Show' },
        Show: invoke('show', '{% $n %}', { End: true }),
      },
    });
    await town.run({ n: 1 }, 'a');
    await town.run({ n: 2 }, 'b');
    await town.clock.advance(1000);
    expect(town.calls.map(({ payload }) => payload)).toEqual([1, 2]);
  });
});

test('the context says which execution, machine and state this is', async () => {
  const town = rig(showing({ Look: { Type: 'Pass', Output: '{% $states.context %}', Next: 'Show' } }));
  await town.run({ n: 1 }, 'gh-1_2');
  expect(town.last()).toEqual({
    Execution: {
      Id: 'arn:aws:states:local:000000000000:execution:m:gh-1_2',
      Name: 'gh-1_2',
      Input: { n: 1 },
      StartTime: '2030-01-01T00:00:00.000Z',
    },
    StateMachine: { Id: 'arn:aws:states:local:000000000000:stateMachine:m', Name: 'm' },
    State: { Name: 'Look', EnteredTime: '2030-01-01T00:00:00.000Z', RetryCount: 0 },
  });
});

test('more than 256 KB between two states ends the execution', async () => {
  const town = rig(
    showing({
      Grow: { Type: 'Pass', Output: "{% $join($map([1..300], function($i) { $pad('', 1000, 'x') })) %}", Next: 'Show' },
    }),
  );
  expect(await town.run()).toMatchObject({ status: 'failed', error: 'States.DataLimitExceeded' });
});
