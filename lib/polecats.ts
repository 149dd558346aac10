/** Polecats: the sling queue, the function that hooks and launches, and the ground that tasks run on. */
import { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { dollars } from '../core/costs/prices.ts';
import { polecatMetric, retryMetric } from '../core/metrics.ts';
import { fleetEnv } from '../lambdas/polecats/fleet.env.ts';
import type { Api } from './api.ts';
import { oneHour, oneMinute } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownQueue } from './platform/town-queue.ts';
import type { Yard } from './polecats/yard.ts';

export class Polecats extends Construct {
  readonly sling: TownQueue;

  constructor(scope: Construct, id: string, { platform, api, yard }: { platform: Platform; api: Api; yard: Yard }) {
    super(scope, id);
    this.sling = new TownQueue(this, 'Sling', {
      platform,
      name: 'sling',
      runbook: 'polecats',
      ageAlarm: Duration.minutes(15),
      unattended: 'beads that have a slot wait for their polecat.',
    });
    const fleet = new TownFunction(this, 'Fleet', {
      platform,
      name: 'fleet',
      contract: fleetEnv,
      environment: {
        TOWN_NAME: platform.config.town,
        TOWN_TABLE: platform.table.name,
        API_URL: api.url,
        SLING_QUEUE_URL: this.sling.queue.queueUrl,
        ...yard.environment,
      },
    });
    platform.table.grantCommand(fleet);
    yard.grantLaunch(fleet);
    /** What found no room is sent again, later. */
    this.sling.grantSend(fleet);
    this.sling.feed(fleet);
    this.observe(platform);
  }

  private observe({ monitoring, config }: Platform): void {
    const states = Object.values(polecatMetric).map((name) =>
      monitoring.own(name, { period: oneMinute, statistic: 'max' }),
    );
    monitoring.show('doing', 'Polecats by state', 'polecats', states, true);
    monitoring.show('doing', 'Attempts', 'started in 5 minutes', [monitoring.own('AttemptsStarted')]);
    const retries = Object.values(retryMetric).map((name) => monitoring.own(name));
    monitoring.show('stuck', 'Retries by rung', 'retries in 5 minutes', retries, true);
    monitoring.show('cost', 'Models', 'dollars an hour', [monitoring.own('ModelUsd', { period: oneHour })]);
    const usdPerSecond = dollars({
      fargateVcpuSeconds: config.polecatCpu / 1024,
      fargateGbSeconds: config.polecatMemoryMiB / 1024,
      ipv4Seconds: 1,
    });
    monitoring.show('cost', 'Fargate', 'dollars an hour, without the discount of spot', [
      new MathExpression({
        expression: `seconds * ${usdPerSecond.toFixed(9)}`,
        label: 'tasks that ended',
        usingMetrics: { seconds: monitoring.own('TaskSeconds', { period: oneHour }) },
        period: oneHour,
      }),
    ]);
  }
}
