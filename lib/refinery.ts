/** The Refinery: the one function that moves main. */
import { Duration, Size } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { refineryEnv } from '../lambdas/refinery/refinery.env.ts';
import { oneHour } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import { TownQueue } from './platform/town-queue.ts';
import type { Yard } from './polecats/yard.ts';

/** Room for blob-filtered clones of several repositories, kept between runs. */
const cloneSpace = Size.gibibytes(4);

export class Refinery extends Construct {
  readonly ticks: TownQueue;

  constructor(scope: Construct, id: string, { platform, yard }: { platform: Platform; yard: Yard }) {
    super(scope, id);
    this.ticks = new TownQueue(this, 'Ticks', {
      platform,
      name: 'refinery',
      runbook: 'refinery',
      ageAlarm: Duration.minutes(15),
      unattended: 'nothing lands. Main stays as it is.',
    });
    const tick = new TownFunction(this, 'Tick', {
      platform,
      name: 'refinery',
      contract: refineryEnv,
      environment: {
        TOWN_NAME: platform.config.town,
        TOWN_TABLE: platform.table.name,
        GIT_SECRET_PREFIX: platform.git.secretPrefix,
        ...yard.environment,
      },
      ephemeralStorage: cloneSpace,
      ...platform.git.packaging('refinery'),
    });
    platform.table.grantCommand(tick);
    /** Whether a gate still runs. */
    yard.grantLook(tick);
    platform.git.grantCredentials(tick);
    this.ticks.feed(tick);
    this.observe(platform);
  }

  private observe({ monitoring }: Platform): void {
    const landed = monitoring.own('ChangesLanded', { period: oneHour });
    monitoring.show('doing', 'Merges', 'changes an hour', [landed]);
    monitoring.show('stuck', 'Oldest merge request', 'seconds', [
      monitoring.own('OldestMergeRequest', { statistic: 'max' }),
    ]);
    monitoring.show('cost', 'Gate runs for a landed change', 'runs', [
      new MathExpression({
        expression: 'runs / landed',
        label: 'runs',
        usingMetrics: { runs: monitoring.own('GateRuns', { period: oneHour }), landed },
        period: oneHour,
      }),
    ]);
  }
}
