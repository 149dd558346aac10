import { env } from '../../core/env.ts';

export const fleetEnv = env(
  'TOWN_TABLE',
  'CLUSTER_ARN',
  'POLECAT_TASK_FAMILY',
  'GATE_TASK_FAMILY',
  'SUBNET_IDS',
  'SECURITY_GROUP_ID',
);
