import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../core/ports.ts';
import { parseExpression } from '../../../local/states/expression.ts';
import { StateFault } from '../../../local/states/fault.ts';
import { virtualClock } from '../virtual-clock.ts';
import { seededIds } from './rig.ts';

const sources = () => ({ clock: virtualClock(), ids: seededIds() });

const evaluate = (text: string, input: Json = {}, given = sources()): Promise<Json> =>
  parseExpression(text, given).evaluate({ states: { input, context: {} }, variables: { n: 3, list: [3, null, 1] } });

describe('an expression gives', () => {
  test.each<[text: string, value: Json]>([
    ['$states.input.a[1].b', 'x'],
    ['$n + 1', 4],
    ['$partition([1..5], 2)', [[1, 2], [3, 4], [5]]],
    ['$range(0, 10, 5)', [0, 5, 10]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ['$range(1, 0, 1)', []],
    ["$hash('abc', 'MD5')", '900150983cd24fb0d6963f7d28e17f72'],
    ["$hash('abc', 'SHA-1')", 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ["$hash('abc', 'SHA-256')", 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['$parse(\'{"a": [1, null]}\')', { a: [1, null] }],
    ['$now()', '2030-01-01T00:00:00.000Z'],
    ["$now('[Y0001]-[M01]')", '2030-01'],
    ['$millis()', Date.UTC(2030, 0, 1)],
    ['$random(7) = $random(7) and $random(7) != $random(8)', true],
    ['$sort($shuffle($list[$ != null]))', [1, 3]],
    ['$count($shuffle($list))', 3],
    ['{"a": $n, "b": [$missing]}', { a: 3, b: [] }],
    ['$map([1, 2], function($v) { {"v": $v} })', [{ v: 1 }, { v: 2 }]],
  ])('%s', async (text, value) => {
    expect(await evaluate(text, { a: [{}, { b: 'x' }] })).toEqual(value);
  });
});

describe('an expression fails the state', () => {
  test.each([
    ['that gives undefined', '$states.input.missing', 'undefined'],
    ['with undefined in a field', '{"a": $states.input.missing}', 'undefined'],
    ['with undefined deep inside', '[{"a": {"b": $states.input.missing}}]', 'undefined'],
    ['that gives a function', '$sum', 'cannot hold'],
    ['that gives a function of its own', 'function($x) { $x }', 'cannot hold'],
    ['that gives a pattern', '/a/', 'cannot hold'],
    ['that names a field of nothing', 'a.b', 'undefined'],
    ['that JSONata refuses', "1 + 'a'", 'must evaluate to a number'],
    ['that divides by zero', '1 / 0', ''],
    ['with a partition of nothing', '$partition([1], 0)', 'from 1'],
    ['with an endless range', '$range(1, 2, 0)', 'must not be 0'],
    ['with too long a range', '$range(1, 2000, 1)', 'at most 1000'],
    ['with an unknown hash', "$hash('a', 'CRC')", 'unknown algorithm CRC'],
    ['with text that is no JSON', "$parse('{')", 'JSON'],
  ])('%s', async (_why, text, cause) => {
    const failed: unknown = await evaluate(text).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StateFault);
    expect(failed).toMatchObject({ error: 'States.QueryEvaluationError', cause: expect.stringContaining(cause) });
  });
});

test('time and chance come from the ports: the same seed gives the same', async () => {
  const text = '[$random(), $uuid(), $shuffle([1..20])]';
  expect(await evaluate(text)).toEqual(await evaluate(text));
  const given = sources();
  const first = await evaluate(text, {}, given);
  expect(await evaluate(text, {}, given)).not.toEqual(first);
  await given.clock.advance(5000);
  expect(await evaluate('$now()', {}, given)).toBe('2030-01-01T00:00:05.000Z');
});

test('any JSON passes through an expression unchanged, and is not the same object', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (given) => {
      const input = JSON.parse(JSON.stringify({ given })) as { given: Json };
      const value = await evaluate('$states.input', input);
      expect(value).toEqual(input);
      expect(value).not.toBe(input);
    }),
    { numRuns: 40 },
  );
});
