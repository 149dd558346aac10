import { env } from '../../core/env.ts';
import { fleetNames, machineNames, tickNames, topicNames } from './shared.env.ts';

/** Whoever performs effects reaches everything that an effect may touch. */
export const effectsEnv = env(
  'TOWN_NAME',
  'TOWN_TABLE',
  'API_URL',
  ...machineNames,
  ...tickNames,
  ...fleetNames,
  ...topicNames,
);
