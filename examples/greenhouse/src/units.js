/** Units stand in names; these are the few conversions between them. */
export const minutesPerHour = 60;
export const minutesPerDay = 24 * minutesPerHour;

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** `'06:30'` → 390: minutes since midnight. */
export function minuteOf(clock) {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(clock) ?? [];
  if (hours === undefined) throw new RangeError(`"${clock}" is no time of day: write it as 06:30.`);
  return Number(hours) * minutesPerHour + Number(minutes);
}

/** 390 → `'06:30'`, on whatever day that is. */
export function clockOf(minute) {
  const ofDay = ((minute % minutesPerDay) + minutesPerDay) % minutesPerDay;
  const two = (n) => String(Math.floor(n)).padStart(2, '0');
  return `${two(ofDay / minutesPerHour)}:${two(ofDay % minutesPerHour)}`;
}

export const degrees = (celsius) => `${celsius.toFixed(1)} °C`;
export const percent = (share) => `${Math.round(share * 100)}%`;
