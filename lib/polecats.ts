/** Polecats: the sling queue, the function that hooks and launches, and the ground that tasks run on. */
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { fleetEnv } from '../lambdas/polecats/fleet.env.ts';
import type { Api } from './api.ts';
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
      runbook: 'polecats',
    });
    platform.table.grantCommand(fleet);
    yard.grantLaunch(fleet);
    /** What found no room is sent again, later. */
    this.sling.grantSend(fleet);
    this.sling.feed(fleet);
    platform.monitoring.row('Polecats', { title: 'Oldest sling', metrics: [this.sling.age] }, ...fleet.graphs());
  }
}
