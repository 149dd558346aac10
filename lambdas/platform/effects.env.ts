import { env } from '../../core/env.ts';

/** Whoever performs effects reaches everything that an effect may touch. */
export const effectsEnv = env(
  'TOWN_TABLE',
  'MOLECULE_MACHINE_ARN',
  'INTENT_MACHINE_ARN',
  'SCHEDULER_QUEUE_URL',
  'CONVOYS_QUEUE_URL',
  'REFINERY_QUEUE_URL',
  'CLUSTER_ARN',
  'POLECAT_TASK_FAMILY',
  'GATE_TASK_FAMILY',
  'SUBNET_IDS',
  'SECURITY_GROUP_ID',
  'CRITICAL_TOPIC_ARN',
  'HIGH_TOPIC_ARN',
  'MEDIUM_TOPIC_ARN',
  'LOW_TOPIC_ARN',
);
