/**
 * Which queue, schedule or stream feeds which function, and with what figures. One table, read by `lib` (which
 * makes the resources) and by `local/town.ts` (which makes the same town in one process).
 */
import { limits } from './limits.ts';

export type QueueName = 'sling' | 'ticks' | 'refinery';
export type FunctionName = 'api' | 'mayor' | 'molecule' | 'ticks' | 'refinery' | 'fleet' | 'effects' | 'witness';
export type MachineName = 'molecule' | 'intent';

interface QueueWiring {
  readonly type: 'standard' | 'fifo';
  readonly feeds: FunctionName;
  readonly batchSize: number;
  /** Functions running at once for this queue; FIFO queues are also bounded by their groups. */
  readonly concurrencyMax: number;
  readonly visibilitySeconds: number;
  readonly receivesMax: number;
}

const queueDefaults = {
  visibilitySeconds: limits.queueVisibilitySeconds,
  receivesMax: limits.queueReceivesMax,
} as const;

/** Three polled queues: each costs about 30 cents a month to poll, so there is no fourth without a reason. */
export const queues: Readonly<Record<QueueName, QueueWiring>> = {
  /** Step Functions puts a bead's task token here; the fleet hooks the bead and launches its polecat. */
  sling: { type: 'standard', feeds: 'fleet', batchSize: 1, concurrencyMax: 10, ...queueDefaults },
  /** One group per rig, for its scheduler, and one per convoy. */
  ticks: { type: 'fifo', feeds: 'ticks', batchSize: 10, concurrencyMax: 10, ...queueDefaults },
  /** One group per rig and target. */
  refinery: { type: 'fifo', feeds: 'refinery', batchSize: 10, concurrencyMax: 10, ...queueDefaults },
};

interface FunctionWiring {
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
}

export const functions: Readonly<Record<FunctionName, FunctionWiring>> = {
  api: { timeoutSeconds: 29, memoryMiB: 512 },
  mayor: { timeoutSeconds: limits.functionTimeoutSeconds, memoryMiB: 512 },
  molecule: { timeoutSeconds: 30, memoryMiB: 256 },
  ticks: { timeoutSeconds: 60, memoryMiB: 256 },
  refinery: { timeoutSeconds: limits.functionTimeoutSeconds, memoryMiB: 2048 },
  fleet: { timeoutSeconds: 60, memoryMiB: 256 },
  effects: { timeoutSeconds: 60, memoryMiB: 256 },
  witness: { timeoutSeconds: 55, memoryMiB: 256 },
};

/** The state-machine files: deployed by `lib`, interpreted by `local/states`. */
export const machines: Readonly<Record<MachineName, { readonly definition: string }>> = {
  molecule: { definition: 'lib/molecules/molecule.asl.json' },
  intent: { definition: 'lib/intents/intent.asl.json' },
};

export const schedules = {
  patrol: { everyMs: limits.patrolEveryMs, feeds: 'witness' },
} as const;

/** The ledger's change feed: new `EFFECT#` items only. */
export const stream = { feeds: 'effects', batchSize: 25, triesMax: 3 } as const;
