/** Who may invoke which models of Bedrock: those of the configuration by name, and none without it. */
import { Stack, Validations } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';

/** What the id of a profile that spreads calls over regions starts with; the rest of it is the model's id. */
const profile = /^(?:global|us|us-gov|eu|apac|au|ca|jp)\.(.+)$/;
/** Converse, and its streaming form, are authorized as these. */
const invoking = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'];

export function grantModels(grantee: Construct & IGrantable, { models = [] }: Config): void {
  for (const id of models) {
    const behind = profile.exec(id)?.[1];
    if (behind) grantProfile(grantee, id, behind);
    else grant(grantee, arnOf(grantee, 'foundation-model', id));
  }
}

/**
 * Counting a prompt, before a call that a budget may not hold: of the model itself, in this region, whatever profile its calls
 * go through. Agents' models are Anthropic's.
 */
export function grantCounting(grantee: Construct & IGrantable, { models = [] }: Config): void {
  const counted = new Set(models.map((id) => profile.exec(id)?.[1] ?? id).filter((id) => id.startsWith('anthropic.')));
  for (const id of counted) grant(grantee, arnOf(grantee, 'foundation-model', id), {}, ['bedrock:CountTokens']);
}

/** A call through a profile is authorized twice: on the profile here, and on the model in the region that answers. */
function grantProfile(grantee: Construct & IGrantable, id: string, model: string): void {
  const profileArn = arnOf(grantee, 'inference-profile', id);
  grant(grantee, profileArn);
  grant(grantee, arnOf(grantee, 'foundation-model', model, '*'), {
    StringEquals: { 'bedrock:InferenceProfileArn': profileArn },
  });
  Validations.of(grantee).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:bedrock:*::foundation-model/${model}]`,
    reason: 'AWS chooses the region that answers a call through this profile; the condition admits no other way to it.',
  });
}

function arnOf(scope: Construct, resource: 'foundation-model' | 'inference-profile', id: string, region?: string) {
  return Stack.of(scope).formatArn({
    service: 'bedrock',
    resource,
    resourceName: id,
    ...(region ? { region } : {}),
    ...(resource === 'foundation-model' ? { account: '' } : {}),
  });
}

function grant(
  grantee: IGrantable,
  resource: string,
  conditions: Record<string, unknown> = {},
  actions = invoking,
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource], conditions }));
}
