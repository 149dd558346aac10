/** Molecules: one execution for each bead's life, and the function that decides each of its turns. */
import { Construct } from 'constructs';
import { noModel } from '../lambdas/intents/mayor.env.ts';
import { moleculeEnv } from '../lambdas/molecules/molecule.env.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownMachine } from './platform/town-machine.ts';
import type { TownQueue } from './platform/town-queue.ts';

export interface MoleculesProps {
  readonly platform: Platform;
  readonly sling: TownQueue;
  /** Reads why beads fail. */
  readonly mayor: TownFunction;
}

export class Molecules extends Construct {
  readonly machine: TownMachine;

  constructor(scope: Construct, id: string, { platform, sling, mayor }: MoleculesProps) {
    super(scope, id);
    const next = new TownFunction(this, 'Next', {
      platform,
      name: 'molecule',
      contract: moleculeEnv,
      environment: {
        TOWN_NAME: platform.config.town,
        TOWN_TABLE: platform.table.name,
        MODEL_ID: platform.config.models?.[0] ?? noModel,
      },
    });
    platform.table.grantCommand(next);
    this.machine = new TownMachine(this, 'Machine', {
      platform,
      name: 'molecule',
      runbook: 'molecules',
      unattended: 'the Witness starts its next run within half an hour.',
      functions: { MoleculeFunction: next, MayorFunction: mayor },
      queues: { SlingQueueUrl: sling },
    });
  }
}
