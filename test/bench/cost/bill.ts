/** A measured run as a bill: units of orchestration by function, and of the tasks, each for one landed bead. */
import { isFifo } from '../../../core/costs/meter.ts';
import { sum, times, type Units } from '../../../core/costs/prices.ts';
import { limits } from '../../../core/limits.ts';
import { type FunctionName, functions, queues } from '../../../core/wiring.ts';
import * as assumptions from './assumptions.ts';
import type { Measured } from './run.ts';
import type { Spender, Tally } from './tally.ts';

export interface BeadBill {
  /** Each function's own, and the state machines'. */
  readonly orchestration: Readonly<Record<string, Units>>;
  /** Fargate for the polecat and the gates. */
  readonly tasks: Units;
}

export interface TaskSize {
  readonly vcpu: number;
  readonly gb: number;
  readonly agentMinutes: number;
  readonly gateMinutes: number;
}

export const orchestrationOf = (bill: BeadBill): Units => sum(...Object.values(bill.orchestration));

export function billOf({ tally, beads }: Measured, size: TaskSize): BeadBill {
  const orchestration: Record<string, Units> = {};
  for (const [who, spender] of tally.spenders) {
    const units = who === 'states' ? statesUnits(tally, spender) : functionUnits(who, spender);
    orchestration[who] = times(units, 1 / beads);
  }
  const watches = Math.floor(size.agentMinutes / assumptions.watch.everyMinutes);
  orchestration.witness = sum(orchestration.witness ?? {}, times(assumptions.watch.units, watches));
  return { orchestration, tasks: taskUnits(tally, beads, size) };
}

/** The state machines: their transitions, their messages, and a trace for each execution with the runs in it. */
function statesUnits(tally: Tally, spender: Spender): Units {
  const transitions = [...tally.transitions.values()].reduce((total, count) => total + count, 0);
  return sum(ownUnits(spender), { transitions, traces: tally.calls('workflows.start') });
}

const inExecution: readonly FunctionName[] = ['molecule', 'mayor'];

function functionUnits(name: FunctionName, spender: Spender): Units {
  const patrols = (spender.calls.get('ledger.due')?.count ?? 0) / limits.attentionShards;
  /** The idle bill has them: they come by the minute, whatever is to do. */
  const runs = spender.runs - patrols;
  const seconds = (runs * runMs(spender) + runs * assumptions.coldStarts.share * assumptions.coldStarts.ms) / 1000;
  return sum(ownUnits(spender), pollUnits(name, runs), {
    lambdaRequests: runs,
    lambdaGbSeconds: (seconds * functions[name].memoryMiB) / 1024,
    logBytes: runs * assumptions.logBytesPerRun,
    ...(inExecution.includes(name) ? {} : { traces: runs }),
    ...(name === 'refinery' ? { secretReads: runs } : {}),
    ...(name === 'api' ? { apiRequests: runs } : {}),
    ...(name === 'api' ? { logBytes: runs * (assumptions.logBytesPerRun + assumptions.logBytesPerRequest) } : {}),
  });
}

const ownUnits = ({ calls }: Spender): Units =>
  sum(...[...calls].flatMap(([call, { units }]) => (call === 'ledger.due' ? [] : [units])));

function pollUnits(name: FunctionName, runs: number): Units {
  const fed = Object.entries(queues).find(([, { feeds }]) => feeds === name)?.[0];
  if (fed === undefined) return {};
  return isFifo(fed) ? { sqsFifo: 2 * runs } : { sqsStandard: 2 * runs };
}

function runMs({ runs, ms, calls }: Spender): number {
  const median = [...ms].sort((a, b) => a - b)[Math.floor(ms.length / 2)] ?? 0;
  const waits = [...calls].reduce((total, [call, { count }]) => total + count * msOf(call), 0);
  return Math.max(median, assumptions.runOverheadMs + waits / Math.max(1, runs));
}

const msOf = (call: string): number =>
  call.startsWith('repo.') ? assumptions.gitCallMs : (assumptions.callMs[call] ?? 0);

function taskUnits(tally: Tally, beads: number, { vcpu, gb, agentMinutes, gateMinutes }: TaskSize): Units {
  const polecats = tally.of('fleet').calls.get('fleet.launch')?.count ?? 0;
  const gates = tally.calls('fleet.launch') - polecats;
  const seconds = (polecats * billedSeconds(agentMinutes) + gates * billedSeconds(gateMinutes)) / beads;
  return { fargateVcpuSeconds: seconds * vcpu, fargateGbSeconds: seconds * gb, ipv4Seconds: seconds };
}

const billedSeconds = (minutes: number): number =>
  Math.max(assumptions.taskSecondsMin, assumptions.taskStartSeconds + 60 * minutes);
