/** What a queue hands to a function: the part of Lambda's SQS event that the town reads, the same on a laptop. */
import { tokenOf } from './hash.ts';
import type { BeadId } from './keys.ts';

export interface QueueRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: {
    readonly ApproximateReceiveCount: string;
    /** FIFO queues only. */
    readonly MessageGroupId?: string;
  };
}

export interface QueueEvent {
  readonly Records: readonly QueueRecord[];
}

/** Which records to deliver again. On a FIFO queue: the first failure and everything after it. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The body of a message on the sling queue, as `molecule.asl.json` sends it. */
export interface Sling {
  readonly bead: BeadId;
  readonly run: number;
  readonly token: string;
  /** Set by the fleet when it found no room: the attempt whose launch this repeats. */
  readonly attempt?: number;
}

/** SQS takes 1 to 128 printable ASCII characters as a group; a longer name, or one in other letters, goes by its hash. */
export const messageGroupOf = (group: string): string => (/^[\x21-\x7e]{1,128}$/.test(group) ? group : tokenOf(group));

/** The body of a wake: its group says all; the record says the rest. */
export interface Wake {
  readonly group: string;
}
