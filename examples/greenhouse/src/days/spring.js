import { minutesPerDay } from '../units.js';

/** 0 at night, 1 at noon, and gentle in between. */
const sun = (minute) => Math.max(0, -Math.cos((2 * Math.PI * minute) / minutesPerDay));

/** A mild day in April, from midnight to midnight. */
export const spring = {
  from: 0,
  minutes: minutesPerDay,
  air: { insideC: 14, soilPct: 40 },
  weather: (minute) => ({ outsideC: 7 + 9 * sun(minute - 90), light: sun(minute) }),
};
