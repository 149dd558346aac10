import { env } from '../../core/env.ts';

export const mayorEnv = env('TOWN_TABLE', 'BLOBS_BUCKET');
