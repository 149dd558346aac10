/** What the plants want, by the hour. Basil likes it warm; everyone likes a cooler night. */
import { minuteOf, minutesPerDay } from './units.js';

export const everyday = [
  { from: '05:30', name: 'dawn', targetC: 16 },
  { from: '08:00', name: 'day', targetC: 21 },
  { from: '19:00', name: 'dusk', targetC: 17 },
  { from: '22:00', name: 'night', targetC: 12 },
];

/** The phase that holds at this minute: the last one that has begun, be it yesterday. */
export function phaseAt(schedule, minute) {
  const ofDay = minute % minutesPerDay;
  return schedule.findLast((phase) => minuteOf(phase.from) <= ofDay) ?? schedule.at(-1);
}
