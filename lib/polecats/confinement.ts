/** What a task's container may do. The task definition says it to Fargate, and a test runs the harness on these terms. */
import type { Capability } from 'aws-cdk-lib/aws-ecs';

type CapabilityName = keyof typeof Capability;

/** All that can be written; the image declares them too, for their owner and mode. By the name of the volume. */
export const volumes = { work: '/work', tmp: '/tmp' } as const;

/** Of what a container has by default. Root without these: hand the box to the agent, read what it left, end it. */
export const keptCapabilities = [
  'CHOWN',
  'DAC_OVERRIDE',
  'KILL',
  'SETGID',
  'SETUID',
] as const satisfies CapabilityName[];

/** The rest of what a container has by default. Fargate adds none but SYS_PTRACE, and takes away what it is told to. */
export const droppedCapabilities = [
  'AUDIT_WRITE',
  'FOWNER',
  'FSETID',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETPCAP',
  'SYS_CHROOT',
] as const satisfies CapabilityName[];

/** Between SIGTERM and SIGKILL: as long as Fargate allows, and as Spot's notice is. */
export const stopSeconds = 120;
