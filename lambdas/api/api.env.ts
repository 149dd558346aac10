import { env } from '../../core/env.ts';

/** `TASK_ROLE_NAME`: a caller of this role is a task, and its session's name is the task's id. `POLECAT_CPU`: in units, 1024 a vCPU. */
export const apiEnv = env(
  'TOWN_NAME',
  'TOWN_TABLE',
  'BLOBS_BUCKET',
  'GIT_SECRET_PREFIX',
  'WEBHOOK_SECRET_PREFIX',
  'TASK_ROLE_NAME',
  'POLECATS_MAX',
  'POLECAT_CPU',
  'CAPACITY_PROVIDER',
);
