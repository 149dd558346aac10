import { expect, test } from '@jest/globals';
import { asSentence, listed, percent, span, times } from '../../../core/feed/words.ts';

test('a list reads as one says it, and a long one says how many more there are', () => {
  expect(listed([])).toBe('');
  expect(listed(['a'])).toBe('a');
  expect(listed(['a', 'b'])).toBe('a and b');
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  expect(listed(['a', 'b', 'c', 'd', 'e'], 3)).toBe('a, b and 3 more');
});

test('a chance is never shown as none while there is one', () => {
  expect([0, 0.0004, 0.012, 0.37, 1].map(percent)).toEqual(['0%', 'under 0.1%', '1.2%', '37%', '100%']);
});

test('times and spans have the unit that one would use', () => {
  expect([1, 2, 3].map(times)).toEqual(['once', 'twice', '3 times']);
  expect([0, 12_000, 180_000, 7_200_000].map(span)).toEqual(['1 s', '12 s', '3 min', '2 h']);
});

test('a reason becomes a sentence, whatever it ended with', () => {
  expect(asSentence('gates run: test;')).toBe('Gates run: test.');
  expect(asSentence(' ')).toBe('');
});
