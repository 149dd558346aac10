import { env } from '../../core/env.ts';

export const convoysEnv = env('TOWN_NAME', 'TOWN_TABLE');
