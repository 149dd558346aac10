import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atRest, drive } from '../src/actuators.js';
import { freshAir } from '../src/rules/fresh-air.js';
import { warmth } from '../src/rules/warmth.js';
import { watering } from '../src/rules/watering.js';

const target = { targetC: 20 };
const seen = (reading, before = reading) => ({ reading, target, history: [before, reading] });

test('the colder, the more heat; above the target none', () => {
  assert.equal(warmth.decide(seen({ insideC: 12 })).heater, 1);
  assert.equal(warmth.decide(seen({ insideC: 18.5 })).heater, 0.5);
  assert.equal(warmth.decide(seen({ insideC: 20 })).heater, 0);
});

test('the vents stay shut while it is only nicely warm', () => {
  assert.equal(freshAir.decide(seen({ insideC: 22 })).vents, 0);
  assert.equal(freshAir.decide(seen({ insideC: 25 })).vents, 0.5);
  assert.equal(freshAir.decide(seen({ insideC: 40 })).vents, 1);
});

test('watering goes on until the soil is moist, and never happens in bright sun', () => {
  const dry = { soilPct: 30, light: 0 };
  const damp = { soilPct: 45, light: 0 };
  assert.equal(watering.decide(seen(dry)).sprinkler, 1);
  assert.equal(watering.decide(seen(damp)).sprinkler, 0);
  assert.equal(watering.decide(seen(damp, dry)).sprinkler, 1);
  assert.equal(watering.decide(seen({ ...dry, light: 0.9 })).sprinkler, 0);
});

test('the vents take ten minutes, whatever is wished', () => {
  let devices = atRest;
  for (let minute = 0; minute < 5; minute += 1) devices = drive(devices, { vents: 1 });
  assert.ok(Math.abs(devices.vents - 0.5) < 1e-9);
});

test('the heater does not work against open vents', () => {
  assert.equal(drive({ ...atRest, vents: 0.5 }, { heater: 1, vents: 0.5 }).heater, 0);
});
