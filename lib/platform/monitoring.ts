/**
 * The town's alarms and its one dashboard, whose rows are questions: a construct hands its graphs to the question that
 * they answer. An alarm cannot be made without a runbook heading, a first command and someone to tell.
 */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { type MetricName, metricsNamespace } from '../../core/metrics.ts';
import type { Severity } from '../../core/ports.ts';
import { placeOf, type Runbook } from '../../core/runbooks.ts';
import type { Topics } from '../escalations.ts';

export interface AlarmProps {
  /** One metric: CloudWatch bills an alarm by its metrics, and a sum of two says less of what happened. */
  readonly metric: cloudwatch.Metric;
  /** Breaches above this. */
  readonly above: number;
  readonly periods: number;
  /** So many of the periods breach; by default, all of them. */
  readonly breaching?: number;
  readonly severity: Severity;
  /** The page, and the heading in it that says what to do. */
  readonly runbook: Runbook;
  readonly heading: string;
  /** One sentence: what happens if nobody acts. */
  readonly unattended: string;
  /** Where to start. */
  readonly command: string;
  /** What silence means; by default, that all is well. */
  readonly silence?: cloudwatch.TreatMissingData;
}

/** The rows of the dashboard, top to bottom. */
const questions = {
  health: 'Is it healthy?',
  doing: 'What is it doing?',
  stuck: 'Where is it stuck?',
  cost: 'What does it cost?',
} as const;
export type Question = keyof typeof questions;

interface Graph {
  readonly unit: string;
  readonly stacked: boolean;
  readonly metrics: cloudwatch.IMetric[];
}

export const oneMinute = Duration.minutes(1);
export const fiveMinutes = Duration.minutes(5);
export const oneHour = Duration.hours(1);
const fullWidth = 24;
const graphsPerRow = 4;

export class Monitoring extends Construct {
  private readonly props: { readonly topics: Topics; readonly town: string };
  private readonly alarms: cloudwatch.Alarm[] = [];
  private readonly graphs: Readonly<Record<Question, Map<string, Graph>>> = {
    health: new Map(),
    doing: new Map(),
    stuck: new Map(),
    cost: new Map(),
  };

  constructor(scope: Construct, id: string, props: { topics: Topics; town: string }) {
    super(scope, id);
    this.props = props;
  }

  /** An alarm of `scope`, which tells the topic of its severity when it starts and when it ends. */
  alarm(scope: Construct, id: string, props: AlarmProps): cloudwatch.Alarm {
    const alarm = new cloudwatch.Alarm(scope, id, {
      metric: unlabelled(props.metric),
      threshold: props.above,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: props.periods,
      datapointsToAlarm: props.breaching ?? props.periods,
      treatMissingData: props.silence ?? cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmName: `${this.props.town}: ${props.heading}`,
      alarmDescription: [
        `${props.heading}.`,
        `If nobody acts: ${props.unattended}`,
        `Start with: ${props.command}`,
        `What to do: ${placeOf(props)}`,
      ].join('\n'),
    });
    const action = new SnsAction(this.props.topics.of(props.severity));
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    this.alarms.push(alarm);
    return alarm;
  }

  /** One of the town's own metrics. */
  own(name: MetricName, { period = fiveMinutes, statistic = 'sum' } = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: metricsNamespace,
      metricName: name,
      dimensionsMap: { Town: this.props.town },
      label: name,
      statistic,
      period,
    });
  }

  /** Adds to the graph of this title under a question; several constructs may share one. */
  show(question: Question, title: string, unit: string, shown: cloudwatch.IMetric[], stacked = false): void {
    const graph = this.graphs[question].get(title) ?? { unit, stacked, metrics: [] };
    graph.metrics.push(...shown);
    this.graphs[question].set(title, graph);
  }

  /** The dashboard of all that was shown; once, when every construct has had its say. */
  draw(): void {
    const dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: this.props.town,
      defaultInterval: Duration.hours(3),
    });
    for (const question of Object.keys(questions) as Question[]) {
      const heading = new cloudwatch.TextWidget({ markdown: `## ${questions[question]}`, width: fullWidth, height: 1 });
      dashboard.addWidgets(heading);
      if (question === 'health')
        dashboard.addWidgets(new cloudwatch.AlarmStatusWidget({ alarms: this.alarms, width: fullWidth, height: 3 }));
      const widgets = [...this.graphs[question]].map(([title, graph]) => widgetOf(title, graph));
      for (let from = 0; from < widgets.length; from += graphsPerRow)
        dashboard.addWidgets(...widgets.slice(from, from + graphsPerRow));
    }
  }
}

const widgetOf = (title: string, { unit, stacked, metrics: shown }: Graph) =>
  new cloudwatch.GraphWidget({
    title,
    left: shown,
    leftYAxis: { label: unit, showUnits: false, min: 0 },
    stacked,
    width: fullWidth / graphsPerRow,
    height: 6,
  });

/** A label would make of an alarm's metric an expression of one term, which not every tool reads. */
const unlabelled = ({ namespace, metricName, dimensions, statistic, period }: cloudwatch.Metric): cloudwatch.Metric =>
  new cloudwatch.Metric({
    namespace,
    metricName,
    statistic,
    period,
    ...(dimensions ? { dimensionsMap: dimensions } : {}),
  });
