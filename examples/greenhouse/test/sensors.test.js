import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyday, phaseAt } from '../src/schedule.js';
import { read } from '../src/sensors.js';
import { clockOf, minuteOf } from '../src/units.js';

const probes = { minute: 0, insideC: [20, 21, 33], outsideC: 8, soilPct: 40, light: 0.9 };

test('the thermometer in the sun is outvoted', () => {
  assert.equal(read(probes).insideC, 21);
});

test('a probe that lies is an error that names it', () => {
  assert.throws(() => read({ ...probes, soilPct: 130 }), /soilPct reads 130/);
  assert.throws(() => read({ ...probes, outsideC: undefined }), /outsideC reads undefined/);
});

test('a time of day is read and written alike', () => {
  for (const clock of ['00:00', '06:30', '23:59']) assert.equal(clockOf(minuteOf(clock)), clock);
  assert.equal(clockOf(minuteOf('06:30') + 3 * 24 * 60), '06:30');
  assert.throws(() => minuteOf('6:30'), /write it as 06:30/);
});

test('the night holds until the dawn of the next day', () => {
  assert.equal(phaseAt(everyday, minuteOf('23:00')).name, 'night');
  assert.equal(phaseAt(everyday, minuteOf('04:00')).name, 'night');
  assert.equal(phaseAt(everyday, minuteOf('05:30')).name, 'dawn');
});
