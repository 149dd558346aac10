/** The one image of both task kinds: the harness, git, and the agents. */
import path from 'node:path';
import { Platform as ImagePlatform } from 'aws-cdk-lib/aws-ecr-assets';
import type { AssetImageProps } from 'aws-cdk-lib/aws-ecs';
import { projectRoot } from '../platform/bundle.ts';

export const polecatImage = (): [directory: string, props: AssetImageProps] => [
  path.join(projectRoot, 'containers/polecat'),
  { platform: ImagePlatform.LINUX_ARM64 },
];
