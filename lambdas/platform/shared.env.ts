/** Names that several contracts hold, because several functions are given the same port. */
export const fleetNames = [
  'CLUSTER_ARN',
  'POLECAT_TASK_FAMILY',
  'GATE_TASK_FAMILY',
  'TASK_CONTAINER',
  'SUBNET_IDS',
  'SECURITY_GROUP_ID',
  'PUBLIC_IP',
  'CAPACITY_PROVIDER',
] as const;

export const machineNames = ['MOLECULE_MACHINE_ARN', 'INTENT_MACHINE_ARN'] as const;
export const tickNames = ['TICKS_QUEUE_URL', 'REFINERY_QUEUE_URL'] as const;
export const topicNames = ['CRITICAL_TOPIC_ARN', 'HIGH_TOPIC_ARN', 'MEDIUM_TOPIC_ARN', 'LOW_TOPIC_ARN'] as const;
