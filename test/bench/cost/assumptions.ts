/** What a laptop cannot measure. Every report prints this list. */
import type { Units } from '../../../core/costs/prices.ts';

/** Milliseconds a warm call takes within a region: a run lasts at least as long as its calls one after another. */
export const callMs: Readonly<Record<string, number>> = {
  'ledger.get': 4,
  'ledger.query': 6,
  'ledger.due': 5,
  'ledger.write': 6,
  'ledger.transact': 12,
  'queues.send': 8,
  'workflows.start': 20,
  'workflows.succeed': 20,
  'fleet.launch': 300,
  'fleet.list': 50,
  'fleet.stop': 50,
  'blobs.put': 40,
  'blobs.get': 25,
  'notifier.publish': 20,
};
/** Git over the network, the credential included. */
export const gitCallMs = 700;
export const runOverheadMs = 3;

export const coldStarts = { share: 0.05, ms: 600 } as const;

/** A run's line of what it cost, for Lambda itself writes of failures only; and what API Gateway writes of a request. */
export const logBytesPerRun = 260;
export const logBytesPerRequest = 300;

/** A task that works: the Witness moves its deadline this often, and reads and writes this for it. */
export const watch = { everyMinutes: 3, units: { dynamoReads: 4, dynamoWrites: 3 } satisfies Units } as const;

/** From the pull of the image to the harness's first word: billed like the rest. */
export const taskStartSeconds = 45;
export const taskSecondsMin = 60;

export const assumed = (gateMinutes: number, vcpu: number, gb: number): readonly string[] => [
  `A run is billed for the longer of its median on this machine and its calls one after another (a read ${callMs['ledger.get']} ms, a transaction ${callMs['ledger.transact']} ms, a git call ${gitCallMs} ms, …) plus ${runOverheadMs} ms.`,
  `${coldStarts.share * 100} % of runs start cold and pay ${coldStarts.ms} ms more.`,
  'Every run is traced (X-Ray samples one a second and 5 % of the rest, so a busy town pays less); the runs of an execution share its trace.',
  `A run logs ${logBytesPerRun} bytes of its cost, a request ${logBytesPerRequest} bytes, beside what the town logs.`,
  `A batch from a queue costs a receive and a delete; each run of the Refinery reads the rig's credential once.`,
  `The Witness looks at a working polecat every ${watch.everyMinutes} minutes.`,
  `A task pays ${taskStartSeconds} s before it works and ${taskSecondsMin} s at least, with ${vcpu} vCPU and ${gb} GB; a gate runs ${gateMinutes} minute(s).`,
  'Index writes after a transaction are not doubled, and an item nobody read before is taken to be in the index.',
];
