/** Who is told: one topic for each severity, so that a team subscribes to what it wants to be woken by. */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Severity } from '../core/ports.ts';
import { severities } from './config/values.ts';
import type { Config } from './config.ts';
import type { TownFunction } from './platform/town-function.ts';

/** What the key `email` is for. */
const emailed: ReadonlySet<Severity> = new Set(['critical', 'high']);

function addresses({ email, emails }: Config, severity: Severity): Set<string> {
  return new Set([...(email && emailed.has(severity) ? [email] : []), ...(emails[severity] ?? [])]);
}

export class Topics extends Construct {
  private readonly topics: ReadonlyMap<Severity, sns.Topic>;

  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id);
    this.topics = new Map(
      severities.map((severity) => {
        /**
         * Not encrypted at rest: the key that costs nothing, alias/aws/sns, cannot be opened to CloudWatch, whose alarms
         * would then tell nobody. What is published is on its way to an inbox in any case.
         */
        const topic = new sns.Topic(this, severity, {
          displayName: `Gas Town ${config.town}: ${severity}`,
          enforceSSL: true,
        });
        for (const address of addresses(config, severity)) topic.addSubscription(new EmailSubscription(address));
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
