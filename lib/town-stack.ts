/** A town: which construct is given what. Resources are in the constructs. */
import { CfnOutput, PermissionsBoundary, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Api } from './api.ts';
import { severities } from './config/values.ts';
import type { Config } from './config.ts';
import { Effects, type Reach } from './effects.ts';
import { Topics } from './escalations.ts';
import { Intents } from './intents.ts';
import { Molecules } from './molecules.ts';
import { BlobStore } from './platform/blobs.ts';
import { DeadLetters } from './platform/dead-letters.ts';
import { Git } from './platform/git.ts';
import { grantCounting, grantModels } from './platform/models.ts';
import { Monitoring } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { TownTable } from './platform/town-table.ts';
import { AllowList } from './polecats/allow-list.ts';
import { Yard } from './polecats/yard.ts';
import { Polecats } from './polecats.ts';
import { Refinery } from './refinery.ts';
import { Ticks } from './ticks.ts';
import { Witness } from './witness.ts';

export interface TownStackProps extends StackProps {
  readonly config: Config;
  /** Directory with `<function>/index.mjs` for each function. */
  readonly bundles: string;
}

export class TownStack extends Stack {
  constructor(scope: Construct, id: string, { config, bundles, ...props }: TownStackProps) {
    super(scope, id, {
      description: 'Gas Town: an intent in, merged commits out',
      ...(config.permissionsBoundary ? { permissionsBoundary: boundaryOf(config.permissionsBoundary) } : {}),
      ...props,
    });
    for (const [name, value] of Object.entries(config.tags)) Tags.of(this).add(name, value);

    const topics = new Topics(this, 'Topics', config);
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
    grantModels(yard.taskRole, config);
    grantCounting(yard.taskRole, config);
    const { allowedDomains: allowed, models } = config;
    if (allowed)
      new AllowList(this, 'AllowList', { vpc: yard.vpc, allowed, apiUrl: api.url, usesModels: models !== undefined });
    const intents = new Intents(this, 'Intents', { platform });
    const ticks = new Ticks(this, 'Ticks', { platform });
    const polecats = new Polecats(this, 'Polecats', { platform, api, yard });
    const molecules = new Molecules(this, 'Molecules', { platform, sling: polecats.sling, mayor: intents.mayor });
    const refinery = new Refinery(this, 'Refinery', { platform, yard });

    const reach: Reach = {
      platform,
      api,
      molecules: molecules.machine,
      intents: intents.machine,
      wakes: { ticks: ticks.queue, refinery: refinery.ticks },
      yard,
      topics,
    };
    new Effects(this, 'Effects', { reach });
    new Witness(this, 'Witness', { reach });
    monitoring.draw();

    this.output('ApiUrl', 'gt speaks to this address', api.url);
    this.output('DashboardUrl', 'How the town is', this.dashboardUrl(config.town));
    this.output('TableName', 'The record', platform.table.name);
    this.output('BucketName', 'Logs, evidence and long texts', platform.blobs.name);
    this.output(
      'GitSecretPrefix',
      'A rig’s git credential is the secret of this name and the rig’s',
      platform.git.secretPrefix,
    );
    for (const severity of severities)
      this.output(`${severity}Topic`, `Subscribe to hear what is ${severity}`, topics.of(severity).topicArn);
  }

  private dashboardUrl(name: string): string {
    return `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards/dashboard/${name}`;
  }

  private output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description, value });
  }
}

const boundaryOf = (policy: string): PermissionsBoundary =>
  policy.startsWith('arn:') ? PermissionsBoundary.fromArn(policy) : PermissionsBoundary.fromName(policy);
