/** The air under glass: enough physics to be wrong in the right direction. */
import { clamp } from './units.js';

/** Share of the difference to the air outside that leaks away in a minute, and how much open vents add to it. */
const leak = 0.006;
const leakOfVents = 0.05;
const sunCPerMinute = 0.11;
const heaterCPerMinute = 0.09;
const dryingPctPerMinute = 0.014;
const rainPctPerMinute = 1.5;

export function breathe(air, weather, devices) {
  const lost = (air.insideC - weather.outsideC) * (leak + leakOfVents * devices.vents);
  const won = sunCPerMinute * weather.light + heaterCPerMinute * devices.heater;
  const wet = rainPctPerMinute * devices.sprinkler - dryingPctPerMinute * (1 + 2 * weather.light);
  return { insideC: air.insideC + won - lost, soilPct: clamp(air.soilPct + wet, 0, 100) };
}
