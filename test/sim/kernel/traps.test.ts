import crypto from 'node:crypto';
import fs from 'node:fs';
import { expect, test } from '@jest/globals';
import jsonata from 'jsonata';
import { armed } from './traps.ts';

const ways: Readonly<Record<string, () => unknown>> = {
  'Date.now': () => Date.now(),
  'new Date()': () => new Date(),
  'Date()': () => Date(),
  'Math.random': () => Math.random(),
  'a timer': () => setTimeout(() => undefined, 1),
  'an immediate': () => setImmediate(() => undefined),
  'a file': () => fs.readFileSync('/dev/null'),
  'a random id': () => crypto.randomUUID(),
  'random bytes': () => crypto.getRandomValues(new Uint8Array(1)),
  'a hash in another thread': () => crypto.subtle.digest('SHA-256', new Uint8Array(1)),
  fetch: () => fetch('data:,'),
  'AbortSignal.timeout': () => AbortSignal.timeout(1),
};

test.each(Object.entries(ways))('%s is trapped in a simulation, and nowhere else', async (_, way) => {
  await expect(armed(async () => way())).rejects.toThrow('in a simulation');
  await armed(async () => undefined);
  expect(() => void way()).not.toThrow();
});

test('a date of something is no trap, and JSONata may ask for one of now', async () => {
  await armed(async () => {
    expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z');
    expect(await jsonata('1 + 1').evaluate(undefined)).toBe(2);
  });
});
