/** Polecats: the sling queue, the function that hooks and launches, and the ground that tasks run on. */
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { fleetEnv } from '../lambdas/polecats/fleet.env.ts';
import type { Api } from './api.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownQueue } from './platform/town-queue.ts';
import { Yard } from './polecats/yard.ts';

export class Polecats extends Construct {
  readonly sling: TownQueue;
  readonly yard: Yard;

  constructor(scope: Construct, id: string, { platform, api }: { platform: Platform; api: Api }) {
    super(scope, id);
    this.yard = new Yard(this, 'Yard', { platform, api });
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
      environment: { TOWN_TABLE: platform.table.name, ...this.yard.environment },
      runbook: 'polecats',
    });
    platform.table.grantCommand(fleet);
    this.yard.grantLaunch(fleet);
    this.sling.feed(fleet);
    platform.monitoring.row('Polecats', { title: 'Oldest sling', metrics: [this.sling.age] }, ...fleet.graphs());
  }
}
