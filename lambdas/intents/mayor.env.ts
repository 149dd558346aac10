import { env } from '../../core/env.ts';

/** `MODEL_ID` in a town without models: it plans checklists only, and has no git. */
export const noModel = 'none';

export const mayorEnv = env(
  'TOWN_NAME',
  'TOWN_TABLE',
  'BLOBS_BUCKET',
  'GIT_SECRET_PREFIX',
  'MODEL_ID',
  'DAY_BUDGET_USD',
);
