/**
 * The functions of a town in one process, each made of its ports as its entry in AWS makes it, and what feeds them:
 * queues and executions, in memory. The simulator wires its towns here too.
 */
import type { Json, Model, Ports } from '../core/ports.ts';
import { type FunctionName, type QueueName, queues as queueWiring } from '../core/wiring.ts';
import { makeHandler as makeMayor } from '../lambdas/intents/mayor.ts';
import { makeHandler as makeMolecule } from '../lambdas/molecules/molecule.ts';
import { makeHandler as makeEffects } from '../lambdas/platform/effects.ts';
import { makeHandler as makeFleetHandler } from '../lambdas/polecats/fleet.ts';
import { makeHandler as makeRefinery } from '../lambdas/refinery/refinery.ts';
import { launchGate } from '../lambdas/refinery/verdict.ts';
import type { SchedulerDeps } from '../lambdas/scheduler/scheduler.ts';
import { makeHandler as makeTicks } from '../lambdas/ticks/ticks.ts';
import { makeHandler as makeWitness } from '../lambdas/witness/witness.ts';
import { boundedMatch } from './bounded-match.ts';
import { builtInFormulas } from './built-in-formulas.ts';
import { makeQueues, type QueueHandler } from './queues.ts';
import { makeWorkflows, type WorkflowsOptions } from './states/workflows.ts';
import type { Watch } from './watch.ts';

/** What a host makes of a function: its runs, on these ports. */
export type MakeFunction = <Given extends Partial<Ports>, In, Out>(
  name: FunctionName,
  make: (given: Given) => (input: In) => Promise<Out>,
  given: Given,
) => (input: In) => Promise<Out>;

export interface Premises extends Omit<Ports, 'queues' | 'workflows' | 'model'> {
  readonly apiUrl: () => string;
  readonly secretOf: (subject: string) => string;
  readonly caps: SchedulerDeps['caps'];
  readonly machines: WorkflowsOptions['machines'];
  readonly watch: Watch;
  /** Absent: the Mayor plans checklists only. */
  readonly model?: Model | undefined;
}

export function wireFunctions(premises: Premises, fn: MakeFunction) {
  const { ledger, repo, fleet, blobs, notifier, codeHost, clock, ids, log } = premises;
  const { apiUrl, secretOf, caps, watch, model } = premises;
  const queues = makeQueues({
    wiring: queueWiring,
    clock,
    ids,
    onFailure: (queue, error) => log('error', 'delivery failed', { queue, error: String(error) }),
  });

  const formulas = { builtIn: builtInFormulas, matches: boundedMatch };
  const molecule = fn('molecule', makeMolecule, { ledger, clock, ids, triages: model !== undefined });
  const mayor = fn('mayor', makeMayor, {
    ledger,
    blobs,
    clock,
    ids,
    caps,
    repo,
    formulas,
    ...(model ? { model } : {}),
  });
  const functions: Readonly<Record<string, (payload: never) => Promise<unknown>>> = { molecule, mayor };
  const workflows = makeWorkflows({
    machines: premises.machines,
    substitutions: machineSubstitutions,
    invoke: async (name, payload) => (await functions[name]?.(payload as never)) as Json,
    send: (message) => watch.ports('states', { queues }).queues.send(message),
    clock,
    ids,
    onEntered: (machine, state) => watch.entered(machine, state),
    onEnded: (machine, name, status, why) => {
      if (status !== 'succeeded') log('warn', 'execution ended', { machine, name, status, why: why?.cause ?? '' });
    },
  });

  const common = { ledger, clock, ids, log };
  const reach = { ...common, queues, workflows, fleet, notifier, codeHost };
  const makePerformer = (ports: typeof reach) =>
    makeEffects({ ...ports, launchGate: (effect) => launchGate({ ...ports, apiUrl, secretOf }, effect) });
  const effects = fn('effects', makePerformer, reach);
  const witness = fn(
    'witness',
    (ports: typeof reach) => makeWitness({ ...ports, performEffects: makePerformer(ports) }),
    reach,
  );
  const consumers: Readonly<Record<QueueName, QueueHandler>> = {
    sling: fn('fleet', makeFleetHandler, { ...common, fleet, queues, apiUrl, secretOf }),
    ticks: fn('ticks', makeTicks, { ...common, caps }),
    refinery: fn('refinery', makeRefinery, { ...common, repo, fleet, codeHost }),
  };
  return {
    queues,
    workflows,
    effects,
    witness,
    /** Lets the queues deliver. */
    consume(): void {
      for (const [name, handler] of Object.entries(consumers)) queues.consume(name, handler);
    },
  };
}

/** What the definitions call functions and queues, by their local names. */
export const machineSubstitutions = {
  MoleculeFunction: 'molecule',
  MayorFunction: 'mayor',
  SlingQueueUrl: 'sling',
} as const;
