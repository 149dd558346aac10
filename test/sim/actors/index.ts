export { makeCi } from './ci.ts';
export { makeFleet } from './fleet.ts';
export { makeModel } from './model.ts';
