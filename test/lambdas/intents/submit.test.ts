import { describe, expect, test } from '@jest/globals';
import { isConvoyId, partitions } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { type Submission, submitIntent } from '../../../lambdas/intents/submit.ts';
import { convoyOf, effectsOf, eventsOf, lostAnswer, openTown, start, type Town } from './town.ts';

const intent: Submission = { caller: 'ada', text: '# Greet\n\n- [ ] a: A\n', rig: 'green', plan: 'auto' };
const listed = async (town: Town) => (await town.ledger.query(partitions.convoys('2030-01'))).items.length;

test('an intent becomes a convoy in planning, its text a blob, its planning an effect', async () => {
  const town = await openTown();
  const { convoy, repeated } = await submitIntent(town, intent);
  expect(repeated).toBe(false);
  expect(isConvoyId(convoy.id)).toBe(true);
  const stored = await convoyOf(town, convoy.id);
  expect(stored).toEqual({ ...convoy, attentionAt: start + limits.convoyStuckRepairMs });
  expect(stored).toMatchObject({
    status: 'planning',
    title: 'Greet',
    rig: 'green',
    submittedBy: 'ada',
    createdAt: start,
  });
  expect(new TextDecoder().decode(await town.blobs.get(convoy.intent))).toBe(intent.text);
  expect(await effectsOf(town)).toEqual([{ do: 'start_intent', convoy: convoy.id, run: 1 }]);
  expect((await eventsOf(town)).map(({ kind, who }) => [kind, who])).toEqual([['intent.submitted', 'ada']]);
  expect(await listed(town)).toBe(1);
});

describe('an idempotency key', () => {
  const keyed = { ...intent, idempotencyKey: 'k1' };

  test('makes one convoy, however often it is used', async () => {
    const town = await openTown();
    const first = await submitIntent(town, keyed);
    expect(await submitIntent(town, keyed)).toEqual({ convoy: first.convoy, repeated: true });
    expect(await listed(town)).toBe(1);
  });

  test('makes one convoy when calls race, and both callers get it', async () => {
    const town = await openTown();
    const all = await Promise.all(Array.from({ length: 5 }, () => submitIntent(town, keyed)));
    expect(new Set(all.map(({ convoy }) => convoy.id)).size).toBe(1);
    expect(all.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await listed(town)).toBe(1);
  });

  test.each([{ text: '# Other' }, { plan: 'review' as const }])('with another body is refused: %j', async (other) => {
    const town = await openTown();
    await submitIntent(town, keyed);
    await expect(submitIntent(town, { ...keyed, ...other })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      status: 409,
    });
    expect(await listed(town)).toBe(1);
  });

  test('belongs to its caller', async () => {
    const town = await openTown();
    await submitIntent(town, keyed);
    expect((await submitIntent(town, { ...keyed, caller: 'bob', text: '# Other' })).repeated).toBe(false);
  });

  test('is free again after a day', async () => {
    const town = await openTown();
    const first = await submitIntent(town, keyed);
    town.advance(limits.idempotencyKeptMs);
    const second = await submitIntent(town, { ...keyed, text: '# Other' });
    expect(second.convoy.id).not.toBe(first.convoy.id);
    expect(await submitIntent(town, { ...keyed, text: '# Other' })).toMatchObject({
      convoy: { id: second.convoy.id },
      repeated: true,
    });
  });

  test('makes one convoy if the answer of the commit is lost', async () => {
    const town = await openTown();
    let lost = 0;
    town.afterCommit = async () => {
      lost += 1;
      if (lost === 1) throw lostAnswer();
    };
    const { convoy, repeated } = await submitIntent(town, keyed);
    expect([lost, repeated, await listed(town)]).toEqual([1, false, 1]);
    expect((await submitIntent(town, keyed)).convoy.id).toBe(convoy.id);
  });

  test('with a space is refused', async () => {
    const town = await openTown();
    await expect(submitIntent(town, { ...intent, idempotencyKey: 'a b' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_INVALID',
    });
  });
});

test('an id that is taken is not given to another convoy', async () => {
  const town = await openTown();
  const draws = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
  const next = town.ids.random;
  const ids = () => {
    const left = [...draws];
    return { ...town.ids, random: () => left.shift() ?? next() };
  };
  const first = await submitIntent({ ...town, ids: ids() }, intent);
  const second = await submitIntent({ ...town, ids: ids() }, { ...intent, text: '# Second' });
  expect(second.convoy.id).not.toBe(first.convoy.id);
  expect((await convoyOf(town, first.convoy.id)).title).toBe('Greet');
});

describe('an intent is refused', () => {
  test.each([
    [
      'for a rig that does not exist, with the nearest one',
      { rig: 'gren' },
      { status: 404, code: 'RIG_UNKNOWN', what: expect.stringContaining('"green"') },
    ],
    [
      'beyond 256 KiB, counted in bytes',
      { text: 'ä'.repeat(limits.intentBytesMax / 2 + 1) },
      { status: 413, code: 'INTENT_TOO_LARGE' },
    ],
    ['without a word', { text: ' \n' }, { status: 422, code: 'INTENT_EMPTY' }],
  ])('%s', async (_, other, expected) => {
    const town = await openTown();
    await expect(submitIntent(town, { ...intent, ...other })).rejects.toMatchObject(expected);
    expect(town.commits).toEqual([]);
  });

  test('but not at exactly 256 KiB', async () => {
    const town = await openTown();
    const { convoy } = await submitIntent(town, { ...intent, text: 'x'.repeat(limits.intentBytesMax) });
    expect(convoy.title).toHaveLength(limits.titleCharsMax);
  });
});
