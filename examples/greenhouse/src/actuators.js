/** From wishes to what the devices can do. Motors are slow, and heating with open vents warms only the street. */
import { clamp } from './units.js';

export const atRest = { heater: 0, vents: 0, sprinkler: 0 };

/** How far each device moves in a minute, as a share of its way. */
const speeds = { heater: 1, vents: 0.1, sprinkler: 1 };
const draughtyVents = 0.2;

export function drive(devices, wishes) {
  const next = {};
  for (const [name, speed] of Object.entries(speeds)) {
    const now = devices[name];
    const wish = clamp(wishes[name] ?? 0, 0, 1);
    next[name] = now + clamp(wish - now, -speed, speed);
  }
  return next.vents > draughtyVents ? { ...next, heater: 0 } : next;
}
