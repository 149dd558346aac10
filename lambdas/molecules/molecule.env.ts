import { env } from '../../core/env.ts';

export const moleculeEnv = env('TOWN_NAME', 'TOWN_TABLE', 'MODEL_ID');
