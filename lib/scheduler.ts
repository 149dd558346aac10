/** The scheduler: which ready bead gets a slot next, rig by rig. */
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { schedulerEnv } from '../lambdas/scheduler/scheduler.env.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownQueue } from './platform/town-queue.ts';

export class Scheduler extends Construct {
  readonly ticks: TownQueue;

  constructor(scope: Construct, id: string, { platform }: { platform: Platform }) {
    super(scope, id);
    this.ticks = new TownQueue(this, 'Ticks', {
      platform,
      name: 'scheduler',
      runbook: 'scheduler',
      ageAlarm: Duration.minutes(10),
      unattended: 'no ready bead gets a slot. What works, works on.',
    });
    const tick = new TownFunction(this, 'Tick', {
      platform,
      name: 'scheduler',
      contract: schedulerEnv,
      environment: {
        TOWN_NAME: platform.config.town,
        TOWN_TABLE: platform.table.name,
        POLECATS_MAX: String(platform.config.polecatsMax),
        DAY_BUDGET_USD: String(platform.config.dayBudgetUsd),
      },
    });
    platform.table.grantCommand(tick);
    this.ticks.feed(tick);
  }
}
