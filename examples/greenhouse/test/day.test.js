import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spring } from '../src/days/spring.js';
import { rules } from '../src/rules/index.js';
import { simulate } from '../src/simulate.js';

const { samples, log } = simulate({ day: spring, rules });

test('through a day in spring nobody freezes, boils or dries out', () => {
  const inside = samples.map(({ insideC }) => insideC);
  assert.ok(Math.min(...inside) > 10, `lowest ${Math.min(...inside)}`);
  assert.ok(Math.max(...inside) < 30, `highest ${Math.max(...inside)}`);
  assert.ok(samples.every(({ soilPct }) => soilPct > 30));
});

test('the same day runs the same way twice', () => {
  assert.deepEqual(simulate({ day: spring, rules }).samples, samples);
});

test('the log says which rule switched a device on', () => {
  assert.match(log.print(), /^\d\d:\d\d {2}heater on: warmth$/m);
  assert.match(log.print(), /^\d\d:\d\d {2}vents on: fresh air$/m);
  assert.match(log.print(), /^\d\d:\d\d {2}vents off$/m);
});

test('without rules nothing is switched', () => {
  assert.deepEqual(simulate({ day: spring, rules: [] }).log.entries, []);
});
