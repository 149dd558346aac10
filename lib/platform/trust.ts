/**
 * Who may assume a role: one service, on behalf of this account alone, so that nobody can have the service use it from
 * another one. Lambda names no source when it assumes a function's role: such a condition would lock the function out.
 */
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** What each service says it acts for; ECS and Step Functions name theirs only once it exists. */
const sources = {
  'ecs-tasks': { service: 'ecs', resource: '*', arnFormat: ArnFormat.NO_RESOURCE_NAME },
  states: {
    service: 'states',
    resource: 'stateMachine',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  },
  scheduler: { service: 'scheduler', resource: 'schedule-group', resourceName: 'default' },
} as const;

export function trusted(scope: Construct, name: keyof typeof sources): ServicePrincipal {
  const stack = Stack.of(scope);
  return new ServicePrincipal(`${name}.amazonaws.com`, {
    conditions: {
      StringEquals: { 'aws:SourceAccount': stack.account },
      ArnLike: { 'aws:SourceArn': stack.formatArn(sources[name]) },
    },
  });
}
