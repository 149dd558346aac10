import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../core/errors.ts';
import type { Json } from '../../../core/ports.ts';
import { awaitToken, invoke, placeholder, rig, showing, thrower } from './rig.ts';

const tokenOf = (payload: Json): string => (payload as { token: string }).token;

describe('lambda:invoke', () => {
  test('gives the answer as Payload, with a status, as AWS does', async () => {
    const town = rig(showing({ Ask: invoke('add', { n: '{% $states.input.n %}' }, { Next: 'Show' }) }), {
      functions: { add: (payload) => (payload as { n: number }).n + 1 },
    });
    await town.run({ n: 1 });
    expect(town.last()).toEqual({ ExecutedVersion: '$LATEST', Payload: 2, StatusCode: 200 });
  });

  test('Output and Assign read the result', async () => {
    const town = rig(
      showing({
        Ask: invoke(
          'echo',
          { n: 3 },
          {
            Assign: { n: '{% $states.result.Payload.n %}' },
            Output: '{% $states.result.StatusCode %}',
            Next: 'Both',
          },
        ),
        Both: { Type: 'Pass', Output: { n: '{% $n %}', code: '{% $states.input %}' }, Next: 'Show' },
      }),
    );
    await town.run();
    expect(town.last()).toEqual({ n: 3, code: 200 });
  });

  test('a function name may be a substitution', async () => {
    const town = rig(
      { StartAt: 'Ask', States: { Ask: invoke(placeholder('Fn'), {}, { End: true }) } },
      { substitutions: { Fn: 'mayor' } },
    );
    await town.run();
    expect(town.calls[0]?.functionName).toBe('mayor');
  });

  test('a function that throws fails the state by the name of its error', async () => {
    const town = rig(
      { StartAt: 'Ask', States: { Ask: invoke('f', {}, { End: true }) } },
      { functions: { f: thrower('RigUnknown') } },
    );
    const ending = await town.run();
    expect(ending).toMatchObject({ status: 'failed', error: 'RigUnknown' });
    expect(JSON.parse(ending?.cause ?? '')).toEqual({ errorType: 'RigUnknown', errorMessage: 'RigUnknown it is' });
  });

  test('what a function does to its payload does not reach the execution', async () => {
    const spoil = (payload: Json): Json => {
      (payload as { list: Json[] }).list.push('spoilt');
      return null;
    };
    const town = rig(
      showing({ Ask: invoke('spoil', '{% $states.input %}', { Output: '{% $states.input %}', Next: 'Show' }) }),
      { functions: { spoil } },
    );
    await town.run({ list: [] });
    expect(town.last()).toEqual({ list: [] });
  });

  test('an answer of more than 256 KB ends the execution, whatever it catches', async () => {
    const town = rig(
      {
        StartAt: 'Ask',
        States: {
          Ask: invoke('f', {}, { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'End' }], Next: 'End' }),
          End: { Type: 'Succeed' },
        },
      },
      { functions: { f: () => 'x'.repeat(256 * 1024) } },
    );
    expect(await town.run()).toMatchObject({ status: 'failed', error: 'States.DataLimitExceeded' });
  });
});

describe('a task with a token', () => {
  const waiting = showing({ Ask: awaitToken({ Next: 'Show' }) });

  test('ignores what the function answers and goes on with what comes with the token', async () => {
    const town = rig(waiting, { functions: { ask: () => 'not this' } });
    await town.run();
    expect(await town.workflows.describe('m', 'one')).toBe('running');
    expect(await town.workflows.succeed(tokenOf(town.last()), { this: true })).toBe('done');
    await town.clock.settle();
    expect(town.last()).toEqual({ this: true });
  });

  test('goes on when the token comes back before the function has answered', async () => {
    const town = rig(waiting, { functions: { ask: () => new Promise(() => undefined) } });
    await town.run();
    await town.workflows.succeed(tokenOf(town.last()), 'early');
    await town.clock.settle();
    expect(town.endings).toEqual([{ name: 'one', status: 'succeeded' }]);
  });

  test('fails when the function throws, and its token is gone', async () => {
    const town = rig(waiting, { functions: { ask: thrower('Broken') } });
    expect(await town.run()).toMatchObject({ status: 'failed', error: 'Broken' });
    expect(await town.workflows.succeed(tokenOf(town.last()), {})).toBe('gone');
  });

  test('fails with the error that comes with the token', async () => {
    const town = rig(waiting);
    await town.run();
    expect(await town.workflows.fail(tokenOf(town.last()), 'Refused', 'by a human')).toBe('done');
    await town.clock.settle();
    expect(town.endings[0]).toEqual({ name: 'one', status: 'failed', error: 'Refused', cause: 'by a human' });
  });

  test('has a new token in every try', async () => {
    const town = rig(
      showing({ Ask: awaitToken({ TimeoutSeconds: 10, Retry: [{ ErrorEquals: ['States.Timeout'] }], Next: 'Show' }) }),
    );
    await town.run();
    await town.clock.advance(11_000);
    const [first, second] = town.calls.map(({ payload }) => tokenOf(payload));
    expect(second).toMatch(/^[0-9a-f]{64}$/);
    expect(second).not.toBe(first);
    expect(await town.workflows.succeed(first ?? '', {})).toBe('gone');
    expect(await town.workflows.succeed(second ?? '', {})).toBe('done');
  });
});

describe('time', () => {
  test('a task that takes too long fails with States.Timeout; a later token is gone', async () => {
    const town = rig(
      showing({
        Ask: awaitToken({
          TimeoutSeconds: '{% $states.input.s %}',
          Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Show' }],
          Next: 'Show',
        }),
      }),
    );
    await town.run({ s: 30 });
    const token = tokenOf(town.last());
    await town.clock.advance(29_999);
    expect(town.calls).toHaveLength(1);
    await town.clock.advance(1);
    expect(town.last()).toEqual({ Error: 'States.Timeout', Cause: 'state "Ask" after 30 s' });
    expect(await town.workflows.succeed(token, {})).toBe('gone');
  });

  test('an uncaught States.Timeout is how an execution times out', async () => {
    const town = rig(showing({ Ask: awaitToken({ TimeoutSeconds: 1, Next: 'Show' }) }));
    await town.run();
    await town.clock.advance(1000);
    expect(town.endings[0]).toMatchObject({ status: 'timed_out' });
  });

  test('a function that answers after the time-out is not heard', async () => {
    let answer: (value: Json) => void = () => undefined;
    const slow = new Promise<Json>((resolve) => {
      answer = resolve;
    });
    const town = rig(
      { StartAt: 'Ask', States: { Ask: invoke('slow', {}, { TimeoutSeconds: 1, End: true }) } },
      { functions: { slow: () => slow } },
    );
    await town.run();
    await town.clock.advance(1000);
    answer('late');
    await town.clock.settle();
    expect(town.endings).toEqual([expect.objectContaining({ error: 'States.Timeout' })]);
  });

  test('a heartbeat keeps a task alive; without one it fails as a timeout does', async () => {
    const town = rig(
      showing({
        Ask: awaitToken({
          HeartbeatSeconds: 10,
          Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Show' }],
          Next: 'Show',
        }),
      }),
    );
    await town.run();
    const token = tokenOf(town.last());
    await town.clock.advance(9000);
    expect(await town.workflows.heartbeat(token)).toBe('done');
    await town.clock.advance(9000);
    expect(town.calls).toHaveLength(1);
    await town.clock.advance(1000);
    expect(town.last()).toMatchObject({ Error: 'States.HeartbeatTimeout' });
    expect(await town.workflows.heartbeat(token)).toBe('gone');
  });

  test('a heartbeat that turns out longer than the time-out is refused', async () => {
    const town = rig(showing({ Ask: awaitToken({ HeartbeatSeconds: '{% 10 %}', TimeoutSeconds: 5, Next: 'Show' }) }));
    expect(await town.run()).toMatchObject({ status: 'failed', error: 'States.Runtime' });
  });
});

describe('sqs:sendMessage', () => {
  const send = (more: object, suffix = ''): object => ({
    Type: 'Task',
    Resource: `arn:aws:states:::sqs:sendMessage${suffix}`,
    Arguments: { QueueUrl: placeholder('Queue'), ...more },
    Next: 'Show',
  });
  const substitutions = { Queue: 'sling' };

  test('sends the body and gives the id and digest of the message', async () => {
    const town = rig(showing({ Send: send({ MessageBody: { n: '{% $states.input.n %}' }, DelaySeconds: 5 }) }), {
      substitutions,
    });
    await town.run({ n: 1 });
    expect(town.messages).toEqual([{ queue: 'sling', body: { n: 1 }, delaySeconds: 5 }]);
    expect(town.last()).toEqual({
      MD5OfMessageBody: '082c26c8a6bc75226a31da5495cc9292',
      MessageId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    });
  });

  test('knows the group and the deduplication id of a FIFO queue', async () => {
    const town = rig(showing({ Send: send({ MessageBody: {}, MessageGroupId: 'g', MessageDeduplicationId: 'd' }) }), {
      substitutions,
    });
    await town.run();
    expect(town.messages).toEqual([{ queue: 'sling', body: {}, group: 'g', dedup: 'd' }]);
  });

  test('with a token waits until it comes back', async () => {
    const town = rig(
      showing({ Send: send({ MessageBody: { token: '{% $states.context.Task.Token %}' } }, '.waitForTaskToken') }),
      { substitutions },
    );
    await town.run();
    expect(town.calls).toEqual([]);
    await town.workflows.succeed(tokenOf(town.messages[0]?.body ?? null), 'back');
    await town.clock.settle();
    expect(town.last()).toBe('back');
  });

  test.each([
    [new Unavailable('throttled'), 'SQS.SdkClientException'],
    [new Error('no such queue'), 'SQS.AmazonSQSException'],
  ])('a refusal has the name that AWS gives it: %s', async (thrown, error) => {
    const town = rig(showing({ Send: send({ MessageBody: {} }) }), {
      substitutions,
      send: () => Promise.reject(thrown),
    });
    expect(await town.run()).toMatchObject({ status: 'failed', error });
  });
});
