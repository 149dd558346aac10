import { env } from '../../core/env.ts';
import { fleetNames } from '../platform/shared.env.ts';

export const fleetEnv = env('TOWN_NAME', 'TOWN_TABLE', 'API_URL', 'SLING_QUEUE_URL', ...fleetNames);
