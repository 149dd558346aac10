import { spring } from './spring.js';

export const days = { spring };
