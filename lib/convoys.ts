/** Convoys: the tick that alone decides readiness, progress and closing. */
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { convoysEnv } from '../lambdas/convoys/convoys.env.ts';
import { oneHour } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownQueue } from './platform/town-queue.ts';

export class Convoys extends Construct {
  readonly ticks: TownQueue;

  constructor(scope: Construct, id: string, { platform }: { platform: Platform }) {
    super(scope, id);
    this.ticks = new TownQueue(this, 'Ticks', {
      platform,
      name: 'convoys',
      runbook: 'convoys',
      ageAlarm: Duration.minutes(10),
      unattended: 'nothing new becomes ready, and no convoy closes. What works, works on.',
    });
    const tick = new TownFunction(this, 'Tick', {
      platform,
      name: 'convoys',
      contract: convoysEnv,
      environment: { TOWN_NAME: platform.config.town, TOWN_TABLE: platform.table.name },
    });
    platform.table.grantCommand(tick);
    this.ticks.feed(tick);
    platform.monitoring.show('doing', 'Beads', 'beads an hour', [
      platform.monitoring.own('BeadsClosed', { period: oneHour }),
      platform.monitoring.own('BeadsFailed', { period: oneHour }),
    ]);
  }
}
