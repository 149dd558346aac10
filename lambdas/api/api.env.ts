import { env } from '../../core/env.ts';

export const apiEnv = env('TOWN_TABLE', 'BLOBS_BUCKET');
