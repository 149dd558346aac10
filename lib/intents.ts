/** Intents: the Mayor, who makes a plan of one, and the machine that waits for its approval. */
import { Construct } from 'constructs';
import { mayorEnv } from '../lambdas/intents/mayor.env.ts';
import { grantModels } from './platform/models.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownMachine } from './platform/town-machine.ts';

export class Intents extends Construct {
  readonly machine: TownMachine;

  constructor(scope: Construct, id: string, { platform }: { platform: Platform }) {
    super(scope, id);
    const mayor = new TownFunction(this, 'Mayor', {
      platform,
      name: 'mayor',
      contract: mayorEnv,
      environment: {
        TOWN_NAME: platform.config.town,
        TOWN_TABLE: platform.table.name,
        BLOBS_BUCKET: platform.blobs.name,
      },
    });
    platform.table.grantCommand(mayor);
    platform.blobs.grantReadWrite(mayor);
    grantModels(mayor, platform.config);
    this.machine = new TownMachine(this, 'Machine', {
      platform,
      name: 'intent',
      runbook: 'intents',
      unattended: 'the Witness starts its next run within ten minutes.',
      functions: { MayorFunction: mayor },
    });
  }
}
