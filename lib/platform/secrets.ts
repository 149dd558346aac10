/** Secrets live in Secrets Manager alone, one a rig, each named by its prefix and the rig: `<town>/git/<rig>`. */
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { TownFunction } from './town-function.ts';

export function grantSecretsUnder(prefix: string, reader: TownFunction): void {
  const secrets = Stack.of(reader).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${prefix}*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  reader.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secrets] }),
  );
  Validations.of(reader).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${prefix}*]`,
    reason: 'One secret a rig, added and removed while the town runs; the prefix holds nothing else.',
  });
}
