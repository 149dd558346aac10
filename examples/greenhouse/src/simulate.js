/** Runs the controller against the model of the air: a day in milliseconds. */
import { breathe } from './climate.js';
import { makeController } from './controller.js';
import { makeLog } from './log.js';
import { everyday } from './schedule.js';

/** The thermometer by the door, the one above the basil, and the one in the sun. */
const thermometers = (insideC, light) => [insideC - 0.2, insideC, insideC + 9 * light];

/** One sample a minute: the reading's place in time, the air, the weather and the devices. */
export function simulate({ day, rules, schedule = everyday }) {
  const log = makeLog();
  const step = makeController({ rules, schedule, log });
  const samples = [];
  let air = day.air;
  for (let minute = day.from; minute < day.from + day.minutes; minute += 1) {
    const weather = day.weather(minute);
    const devices = step({ minute, ...air, ...weather, insideC: thermometers(air.insideC, weather.light) });
    samples.push({ minute, ...air, ...weather, devices });
    air = breathe(air, weather, devices);
  }
  return { samples, log };
}
