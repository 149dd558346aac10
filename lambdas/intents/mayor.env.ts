import { env } from '../../core/env.ts';

export const mayorEnv = env('TOWN_NAME', 'TOWN_TABLE', 'BLOBS_BUCKET');
