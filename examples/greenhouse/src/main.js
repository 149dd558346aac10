/** `npm start [day]`: a day in the greenhouse, hour by hour, and what was switched. */
import { days } from './days/index.js';
import { rules } from './rules/index.js';
import { simulate } from './simulate.js';
import { clockOf, degrees, minutesPerHour, percent } from './units.js';

const name = process.argv[2] ?? 'spring';
const day = days[name];
if (!day) {
  console.error(`There is no day called "${name}". There are: ${Object.keys(days).join(', ')}.`);
  process.exit(1);
}

const { samples, log } = simulate({ day, rules });
for (const { minute, insideC, outsideC, soilPct, devices } of samples) {
  if (minute % minutesPerHour !== 0) continue;
  const air = `inside ${degrees(insideC).padStart(7)}  outside ${degrees(outsideC).padStart(7)}`;
  const work = Object.entries(devices).map(([device, share]) => `${device} ${percent(share).padStart(4)}`);
  console.log(`${clockOf(minute)}  ${air}  soil ${percent(soilPct / 100)}  ${work.join('  ')}`);
}
console.log(`\n${log.print()}`);
