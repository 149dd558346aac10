import { clamp } from '../units.js';

/** A little too warm is nice; the vents begin to open two degrees above the target, and are wide open at eight. */
const openFromC = 2;
const wideOpenC = 8;

export const freshAir = {
  name: 'fresh air',
  decide({ reading, target }) {
    const above = reading.insideC - target.targetC;
    return { vents: clamp((above - openFromC) / (wideOpenC - openFromC), 0, 1) };
  },
};
