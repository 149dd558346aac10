import { env } from '../../core/env.ts';
import { fleetNames } from '../platform/shared.env.ts';

export const refineryEnv = env('TOWN_NAME', 'TOWN_TABLE', 'GIT_SECRET_PREFIX', ...fleetNames);
