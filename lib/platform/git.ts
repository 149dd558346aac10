/** Git for functions: an image with git inside, or a layer that holds it; and the credentials of each rig. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { Platform as ImagePlatform } from 'aws-cdk-lib/aws-ecr-assets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { FunctionName } from '../../core/wiring.ts';
import type { Config } from '../config.ts';
import { projectRoot } from './project-root.ts';
import { grantSecretsUnder } from './secrets.ts';
import type { TownFunction } from './town-function.ts';

const dockerfile = 'containers/refinery/Dockerfile';

export interface GitPackaging {
  readonly code?: lambda.Code;
  readonly layers?: lambda.ILayerVersion[];
}

export class Git extends Construct {
  /** The secret of a rig is named this and the rig's name. */
  readonly secretPrefix: string;
  private readonly bundles: string;
  private readonly layer: lambda.ILayerVersion | undefined;

  constructor(scope: Construct, id: string, { config, bundles }: { config: Config; bundles: string }) {
    super(scope, id);
    this.secretPrefix = `${config.town}/git/`;
    this.bundles = bundles;
    this.layer = config.gitLayer === undefined ? undefined : this.layerFrom(config.gitLayer);
  }

  /** How the function gets its git; the bundle of an image becomes part of its build context. */
  packaging(name: FunctionName): GitPackaging {
    if (this.layer) return { layers: [this.layer] };
    const context = path.join(this.bundles, name);
    copyFileSync(path.join(projectRoot, dockerfile), path.join(context, 'Dockerfile'));
    return { code: lambda.Code.fromAssetImage(context, { platform: ImagePlatform.LINUX_ARM64 }) };
  }

  grantCredentials(reader: TownFunction): void {
    grantSecretsUnder(this.secretPrefix, reader);
  }

  private layerFrom(place: string): lambda.ILayerVersion {
    if (place.startsWith('arn:')) return lambda.LayerVersion.fromLayerVersionArn(this, 'Layer', place);
    return new lambda.LayerVersion(this, 'Layer', {
      code: lambda.Code.fromAsset(place),
      compatibleArchitectures: [lambda.Architecture.ARM_64],
      description: 'git, as /opt/bin/git',
    });
  }
}
