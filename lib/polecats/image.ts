/** The one image of both task kinds: the harness, git, and the agents. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform as ImagePlatform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { Platform } from '../platform/platform.ts';
import { projectRoot } from '../platform/project-root.ts';

/** `<account>.dkr.ecr.<region>.amazonaws.com/<name>`, then a tag or a digest. */
const ecrPattern = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)[:@](.+)$/;

/** Built at deployment, unless the configuration names one that is built already. */
export function polecatImage(scope: Construct, id: string, { config, bundles }: Platform): ContainerImage {
  if (config.polecatImage !== undefined) return builtImage(scope, id, config.polecatImage);
  const context = path.join(bundles, 'polecat');
  /** What was bundled for it and the Dockerfile, so that nothing else of the project changes the image. */
  copyFileSync(path.join(projectRoot, 'containers/polecat/Dockerfile'), path.join(context, 'Dockerfile'));
  return ContainerImage.fromAsset(context, { platform: ImagePlatform.LINUX_ARM64 });
}

/** From ECR with the right to pull that one repository; any other registry must be open to read. */
function builtImage(scope: Construct, id: string, name: string): ContainerImage {
  const [, account, region, repositoryName, version] = ecrPattern.exec(name) ?? [];
  if (repositoryName === undefined) return ContainerImage.fromRegistry(name);
  const repositoryArn = `arn:aws:ecr:${region}:${account}:repository/${repositoryName}`;
  const repository = Repository.fromRepositoryAttributes(scope, id, { repositoryArn, repositoryName });
  return ContainerImage.fromEcrRepository(repository, version);
}
