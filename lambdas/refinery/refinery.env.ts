import { env } from '../../core/env.ts';

export const refineryEnv = env('TOWN_TABLE', 'BLOBS_BUCKET', 'GIT_SECRET_PREFIX');
