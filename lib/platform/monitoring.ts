/** The town's alarms and its one dashboard. An alarm cannot be made without a runbook heading and someone to tell. */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import type { Severity } from '../../core/ports.ts';
import type { Topics } from '../escalations.ts';
import { anchorOf } from './anchor.ts';

export type Runbook =
  | 'api'
  | 'convoys'
  | 'escalations'
  | 'intents'
  | 'molecules'
  | 'platform'
  | 'polecats'
  | 'refinery'
  | 'scheduler'
  | 'witness';

export interface AlarmProps {
  readonly metric: cloudwatch.IMetric;
  /** Breaches above this. */
  readonly above: number;
  readonly periods: number;
  readonly severity: Severity;
  /** `docs/runbooks/<runbook>.md`, and the heading in it that says what to do. */
  readonly runbook: Runbook;
  readonly heading: string;
  /** What silence means; by default, that all is well. */
  readonly silence?: cloudwatch.TreatMissingData;
}

export const oneMinute = Duration.minutes(1);
const fullWidth = 24;

export class Monitoring extends Construct {
  private readonly dashboard: cloudwatch.Dashboard;
  private readonly topics: Topics;

  constructor(scope: Construct, id: string, props: { topics: Topics; town: string }) {
    super(scope, id);
    this.topics = props.topics;
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: props.town,
      defaultInterval: Duration.hours(3),
    });
  }

  /** An alarm of `scope`, which tells the topic of its severity when it starts and when it ends. */
  alarm(scope: Construct, id: string, props: AlarmProps): cloudwatch.Alarm {
    const alarm = new cloudwatch.Alarm(scope, id, {
      metric: props.metric,
      threshold: props.above,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: props.periods,
      treatMissingData: props.silence ?? cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: `${props.heading}. What to do: docs/runbooks/${props.runbook}.md#${anchorOf(props.heading)}`,
    });
    const action = new SnsAction(this.topics.of(props.severity));
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return alarm;
  }

  /** A row of the dashboard: a heading, then graphs of equal width. */
  row(title: string, ...graphs: readonly { title: string; metrics: cloudwatch.IMetric[] }[]): void {
    this.dashboard.addWidgets(new cloudwatch.TextWidget({ markdown: `## ${title}`, width: fullWidth, height: 1 }));
    const width = Math.floor(fullWidth / Math.max(1, graphs.length));
    this.dashboard.addWidgets(
      ...graphs.map(
        (graph) => new cloudwatch.GraphWidget({ title: graph.title, left: graph.metrics, width, height: 6 }),
      ),
    );
  }
}
