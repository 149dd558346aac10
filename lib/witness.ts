/** The Witness: patrols every minute, and at once when a task stops. Its own silence is noticed from outside. */
import { Duration } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { limits } from '../core/limits.ts';
import { schedules } from '../core/wiring.ts';
import { witnessEnv } from '../lambdas/witness/witness.env.ts';
import { grantReach, type Reach, reachEnvironment } from './effects.ts';
import { oneMinute } from './platform/monitoring.ts';
import { TownFunction } from './platform/town-function.ts';
import { trusted } from './platform/trust.ts';

export class Witness extends Construct {
  constructor(scope: Construct, id: string, { reach }: { reach: Reach }) {
    super(scope, id);
    const { platform } = reach;
    const patrol = new TownFunction(this, 'Patrol', {
      platform,
      name: 'witness',
      contract: witnessEnv,
      environment: reachEnvironment(reach),
      asynchronous: true,
    });
    grantReach(patrol, reach);
    platform.table.grantDue(patrol);
    reach.molecules.grantInspect(patrol);
    reach.intents.grantInspect(patrol);
    this.schedule(patrol);
    this.onStoppedTask(patrol, reach);
    this.alarmSilence(patrol, reach);
    this.observe(patrol, reach);
  }

  private observe(patrol: TownFunction, { platform: { monitoring } }: Reach): void {
    const failed = monitoring.own('WorkFailed');
    /** Repairs come every ten minutes: what fails at two of them fails at the next one too. */
    monitoring.alarm(this, 'WorkFailed', {
      metric: failed,
      above: 0,
      periods: 6,
      breaching: 2,
      severity: 'high',
      runbook: 'platform',
      heading: 'The same work fails again and again',
      unattended: 'what that work is about stands still. All the rest goes on.',
      command: 'gt status',
    });
    monitoring.show('stuck', 'Failed work', 'failures in 5 minutes', [failed]);
    monitoring.show('health', 'Patrols', 'patrols a minute', [
      patrol.function.metricInvocations({ period: oneMinute, label: 'started' }),
      patrol.function.metricErrors({ period: oneMinute, label: 'failed' }),
    ]);
    monitoring.show('stuck', 'Heartbeats late', 'polecats', [
      monitoring.own('HeartbeatsLate', { period: oneMinute, statistic: 'max' }),
    ]);
    monitoring.show('stuck', 'Escalations', 'escalations', [
      monitoring.own('EscalationsOpen', { period: oneMinute, statistic: 'max' }),
      monitoring.own('EscalationsOpened'),
    ]);
  }

  private schedule(patrol: TownFunction): void {
    const role = new Role(this, 'ScheduleRole', { assumedBy: trusted(this, 'scheduler') });
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [patrol.function.functionArn] }),
    );
    new CfnSchedule(this, 'EveryMinute', {
      description: 'Gas Town: the Witness goes on patrol',
      scheduleExpression: `rate(${Duration.millis(schedules.patrol.everyMs).toMinutes()} minute)`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: patrol.function.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify({ kind: 'patrol' }),
        /** No repeats: the next patrol is a minute away. */
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    });
  }

  private onStoppedTask(patrol: TownFunction, { platform, yard }: Reach): void {
    new Rule(this, 'TaskStopped', {
      description: 'Gas Town: a task ended, whatever it managed to say',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { clusterArn: [yard.cluster.clusterArn], lastStatus: ['STOPPED'] },
      },
      targets: [
        new LambdaFunction(patrol.function, {
          retryAttempts: 2,
          maxEventAge: Duration.minutes(5),
          deadLetterQueue: platform.deadLetters.standard,
        }),
      ],
    });
  }

  /**
   * Outside the Lambda, so that its own death counts: of each run Lambda says 1 error or 0, so a minimum above 0 is a minute
   * without one patrol that ended well, and no figure is a minute without any.
   */
  private alarmSilence(patrol: TownFunction, { platform }: Reach): void {
    platform.monitoring.alarm(this, 'Silent', {
      metric: patrol.function.metricErrors({ period: oneMinute, statistic: 'min' }),
      above: 0,
      periods: Duration.millis(limits.witnessSilentMs).toMinutes(),
      severity: 'critical',
      runbook: 'witness',
      heading: 'The Witness is silent',
      unattended: 'the town works on, and nobody repairs it: lost polecats and missed effects wait.',
      command: 'aws scheduler list-schedules',
      silence: TreatMissingData.BREACHING,
    });
  }
}
