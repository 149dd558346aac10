/** Who is told: one topic for each severity, so that a team subscribes to what it wants to be woken by. */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Severity } from '../core/ports.ts';
import type { TownFunction } from './platform/town-function.ts';

const severities = ['critical', 'high', 'medium', 'low'] as const satisfies readonly Severity[];
/** From this severity on an email goes out by itself. */
const emailed: ReadonlySet<Severity> = new Set(['critical', 'high']);

export class Topics extends Construct {
  private readonly topics: ReadonlyMap<Severity, sns.Topic>;

  constructor(scope: Construct, id: string, props: { town: string; email?: string | undefined }) {
    super(scope, id);
    this.topics = new Map(
      severities.map((severity) => {
        const topic = new sns.Topic(this, severity, {
          displayName: `Gas Town ${props.town}: ${severity}`,
          enforceSSL: true,
        });
        if (props.email && emailed.has(severity)) topic.addSubscription(new EmailSubscription(props.email));
        /** A topic policy of its own replaces the default one, which let the account's alarms publish. */
        topic.addToResourcePolicy(
          new PolicyStatement({
            principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
            actions: ['sns:Publish'],
            resources: [topic.topicArn],
            conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
          }),
        );
        return [severity, topic];
      }),
    );
  }

  of(severity: Severity): sns.Topic {
    const topic = this.topics.get(severity);
    if (!topic) throw new Error(`BUG: no topic for ${severity}`);
    return topic;
  }

  grantPublish(grantee: TownFunction): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['sns:Publish'],
        resources: severities.map((severity) => this.of(severity).topicArn),
      }),
    );
  }
}
