import { clamp } from '../units.js';

/** The further below the target, the more heat; three degrees are worth all of it. */
const fullHeatBelowC = 3;

export const warmth = {
  name: 'warmth',
  decide: ({ reading, target }) => ({ heater: clamp((target.targetC - reading.insideC) / fullHeatBelowC, 0, 1) }),
};
