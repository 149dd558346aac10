/** The loop: read, decide, drive, note. Call it once a minute. */
import { atRest, drive } from './actuators.js';
import { phaseAt } from './schedule.js';
import { read } from './sensors.js';

/** Rules may look back an hour. */
const historyMinutes = 60;

export function makeController({ rules, schedule, log }) {
  const history = [];
  let devices = atRest;

  return function step(probes) {
    const reading = read(probes);
    history.push(reading);
    if (history.length > historyMinutes) history.shift();

    const seen = { reading, target: phaseAt(schedule, reading.minute), history };
    const wishes = {};
    const askedBy = {};
    for (const rule of rules) {
      for (const [device, share] of Object.entries(rule.decide(seen))) {
        wishes[device] = share;
        askedBy[device] = rule.name;
      }
    }

    const next = drive(devices, wishes);
    for (const device of Object.keys(next)) {
      if (next[device] > 0 && devices[device] === 0) log.note(reading.minute, `${device} on: ${askedBy[device]}`);
      if (next[device] === 0 && devices[device] > 0) log.note(reading.minute, `${device} off`);
    }
    devices = next;
    return devices;
  };
}
