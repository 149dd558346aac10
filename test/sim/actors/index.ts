export { makeCi } from './ci.ts';
export { makeFleet } from './fleet.ts';
