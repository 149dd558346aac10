/** The Refinery: the one function that moves main. It needs git, so it is an image, or a function with a layer. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { Duration, Size } from 'aws-cdk-lib';
import { Platform as ImagePlatform } from 'aws-cdk-lib/aws-ecr-assets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { refineryEnv } from '../lambdas/refinery/refinery.env.ts';
import { projectRoot } from './platform/bundle.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownQueue } from './platform/town-queue.ts';

/** Room for blob-filtered clones of several repositories, kept between runs. */
const cloneSpace = Size.gibibytes(4);

export class Refinery extends Construct {
  readonly ticks: TownQueue;

  constructor(scope: Construct, id: string, { platform }: { platform: Platform }) {
    super(scope, id);
    this.ticks = new TownQueue(this, 'Ticks', {
      platform,
      name: 'refinery',
      runbook: 'refinery',
      ageAlarm: Duration.minutes(15),
    });
    const tick = new TownFunction(this, 'Tick', {
      platform,
      name: 'refinery',
      contract: refineryEnv,
      environment: { TOWN_TABLE: platform.table.name, BLOBS_BUCKET: platform.blobs.name },
      runbook: 'refinery',
      errorSeverity: 'high',
      ephemeralStorage: cloneSpace,
      ...this.packaging(platform),
    });
    platform.table.grantCommand(tick);
    platform.blobs.grantReadWrite(tick);
    this.ticks.feed(tick);
    platform.monitoring.row('Refinery', { title: 'Oldest tick', metrics: [this.ticks.age] }, ...tick.graphs());
  }

  private packaging({ config, bundles }: Platform): { code?: lambda.Code; layers?: lambda.ILayerVersion[] } {
    if (config.packaging === 'zip') return { layers: [this.gitLayer(config.gitLayer ?? '')] };
    const context = path.join(bundles, 'refinery');
    copyFileSync(path.join(projectRoot, 'containers/refinery/Dockerfile'), path.join(context, 'Dockerfile'));
    return { code: lambda.Code.fromAssetImage(context, { platform: ImagePlatform.LINUX_ARM64 }) };
  }

  private gitLayer(place: string): lambda.ILayerVersion {
    if (place.startsWith('arn:')) return lambda.LayerVersion.fromLayerVersionArn(this, 'Git', place);
    return new lambda.LayerVersion(this, 'Git', {
      code: lambda.Code.fromAsset(place),
      compatibleArchitectures: [lambda.Architecture.ARM_64],
      description: 'git, as /opt/bin/git',
    });
  }
}
