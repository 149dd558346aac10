/** The light ticks: which ready bead of a rig gets a slot next, and what of a convoy is ready, done or over. */
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ticksEnv } from '../lambdas/ticks/ticks.env.ts';
import { oneHour } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownQueue } from './platform/town-queue.ts';

export class Ticks extends Construct {
  readonly queue: TownQueue;

  constructor(scope: Construct, id: string, { platform }: { platform: Platform }) {
    super(scope, id);
    this.queue = new TownQueue(this, 'Wakes', {
      platform,
      name: 'ticks',
      runbook: 'platform',
      ageAlarm: Duration.minutes(10),
      unattended: 'nothing new becomes ready or gets a slot, and no convoy closes. What works, works on.',
    });
    const tick = new TownFunction(this, 'Tick', {
      platform,
      name: 'ticks',
      contract: ticksEnv,
      environment: {
        TOWN_NAME: platform.config.town,
        TOWN_TABLE: platform.table.name,
        POLECATS_MAX: String(platform.config.polecatsMax),
        DAY_BUDGET_USD: String(platform.config.dayBudgetUsd),
      },
    });
    platform.table.grantCommand(tick);
    this.queue.feed(tick);
    platform.monitoring.show('doing', 'Beads', 'beads an hour', [
      platform.monitoring.own('BeadsClosed', { period: oneHour }),
      platform.monitoring.own('BeadsFailed', { period: oneHour }),
    ]);
  }
}
