/** A town: which construct is given what. Resources are in the constructs. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Api } from './api.ts';
import type { Config } from './config.ts';
import { Convoys } from './convoys.ts';
import { Effects, type Reach } from './effects.ts';
import { Topics } from './escalations.ts';
import { Intents } from './intents.ts';
import { Molecules } from './molecules.ts';
import { BlobStore } from './platform/blobs.ts';
import { DeadLetters } from './platform/dead-letters.ts';
import { Git } from './platform/git.ts';
import { Monitoring } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { TownTable } from './platform/town-table.ts';
import { Yard } from './polecats/yard.ts';
import { Polecats } from './polecats.ts';
import { Refinery } from './refinery.ts';
import { Scheduler } from './scheduler.ts';
import { Witness } from './witness.ts';

export interface TownStackProps extends StackProps {
  readonly config: Config;
  /** Directory with `<function>/index.mjs` for each function. */
  readonly bundles: string;
}

export class TownStack extends Stack {
  constructor(scope: Construct, id: string, { config, bundles, ...props }: TownStackProps) {
    super(scope, id, { description: 'Gas Town: an intent in, merged commits out', ...props });

    const topics = new Topics(this, 'Topics', { town: config.town, email: config.email });
    const monitoring = new Monitoring(this, 'Monitoring', { topics, town: config.town });
    const platform: Platform = {
      config,
      bundles,
      monitoring,
      table: new TownTable(this, 'Town', config),
      blobs: new BlobStore(this, 'Blobs', { config }),
      git: new Git(this, 'Git', { config, bundles }),
      deadLetters: new DeadLetters(this, 'DeadLetters', monitoring),
    };

    const yard = new Yard(this, 'Yard', { platform });
    const api = new Api(this, 'Api', { platform, yard });
    const intents = new Intents(this, 'Intents', { platform });
    const convoys = new Convoys(this, 'Convoys', { platform });
    const scheduler = new Scheduler(this, 'Scheduler', { platform });
    const polecats = new Polecats(this, 'Polecats', { platform, api, yard });
    const molecules = new Molecules(this, 'Molecules', { platform, sling: polecats.sling });
    const refinery = new Refinery(this, 'Refinery', { platform, yard });

    const reach: Reach = {
      platform,
      api,
      molecules: molecules.machine,
      intents: intents.machine,
      ticks: { scheduler: scheduler.ticks, convoys: convoys.ticks, refinery: refinery.ticks },
      yard,
      topics,
    };
    new Effects(this, 'Effects', { reach });
    new Witness(this, 'Witness', { reach });

    new CfnOutput(this, 'ApiUrl', { value: api.url, description: 'gt speaks to this address' });
  }
}
