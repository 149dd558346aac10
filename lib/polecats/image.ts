/** The one image of both task kinds: the harness, git, and the agents. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { Platform as ImagePlatform } from 'aws-cdk-lib/aws-ecr-assets';
import type { AssetImageProps } from 'aws-cdk-lib/aws-ecs';
import { projectRoot } from '../platform/project-root.ts';

/** The build context is the bundled harness and the Dockerfile, so that nothing else of the project changes the image. */
export function polecatImage(bundles: string): [directory: string, props: AssetImageProps] {
  const context = path.join(bundles, 'polecat');
  copyFileSync(path.join(projectRoot, 'containers/polecat/Dockerfile'), path.join(context, 'Dockerfile'));
  return [context, { platform: ImagePlatform.LINUX_ARM64 }];
}
