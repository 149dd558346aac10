import { freshAir } from './fresh-air.js';
import { warmth } from './warmth.js';
import { watering } from './watering.js';

/** In this order: a later rule overrules an earlier one, device by device. */
export const rules = [warmth, freshAir, watering];
