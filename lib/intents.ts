/** Intents: the Mayor, who makes a plan of one, and the machine that waits for its approval. */
import { Size } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { mayorEnv, noModel } from '../lambdas/intents/mayor.env.ts';
import { grantModels } from './platform/models.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownMachine } from './platform/town-machine.ts';

/** Room for blob-filtered clones of several repositories, kept between runs. */
const cloneSpace = Size.gibibytes(2);

export class Intents extends Construct {
  readonly machine: TownMachine;
  readonly mayor: TownFunction;

  constructor(scope: Construct, id: string, { platform }: { platform: Platform }) {
    super(scope, id);
    /** Before it plans with a model it reads the repository, and needs git for that. */
    const reads = (platform.config.models ?? []).length > 0;
    const mayor = new TownFunction(this, 'Mayor', {
      platform,
      name: 'mayor',
      contract: mayorEnv,
      environment: {
        TOWN_NAME: platform.config.town,
        TOWN_TABLE: platform.table.name,
        BLOBS_BUCKET: platform.blobs.name,
        GIT_SECRET_PREFIX: platform.git.secretPrefix,
        DAY_BUDGET_USD: String(platform.config.dayBudgetUsd),
        MODEL_ID: platform.config.models?.[0] ?? noModel,
      },
      ...(reads ? { ephemeralStorage: cloneSpace, ...platform.git.packaging('mayor') } : {}),
    });
    if (reads) platform.git.grantCredentials(mayor);
    platform.table.grantCommand(mayor);
    platform.blobs.grantReadWrite(mayor);
    grantModels(mayor, platform.config);
    this.mayor = mayor;
    this.machine = new TownMachine(this, 'Machine', {
      platform,
      name: 'intent',
      runbook: 'intents',
      unattended: 'the Witness starts its next run within ten minutes.',
      functions: { MayorFunction: mayor },
    });
  }
}
