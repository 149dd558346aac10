/** What was switched and why. It only grows, and it is the first thing anyone asks for in the morning. */
import { clockOf } from './units.js';

export function makeLog() {
  const entries = [];
  return {
    entries,
    note(minute, text) {
      entries.push({ minute, text });
    },
    print: () => entries.map(({ minute, text }) => `${clockOf(minute)}  ${text}`).join('\n'),
  };
}
