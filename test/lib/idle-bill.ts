/**
 * What a deployed town costs in a month in which nothing happens, read off its template: each resource by the rule of
 * its type. A type without a rule is refused, so that nothing that bills can slip in unpriced.
 */
import { beyondFree, dollars, sum, type Units } from '../../core/costs/prices.ts';
import { limits } from '../../core/limits.ts';
import { at, listAt, type Resource, target } from './town.ts';

/** A twelfth of a year, as AWS counts a month. */
export const minutesPerMonth = 730 * 60;

/** What the template does not say. */
export const assumed = {
  /** Of a patrol that finds nothing: four queries side by side, on a warm function. */
  patrolMs: 60,
  /** Beside the look at each shard: who is alive, and what is open with a human. */
  patrolQueries: 2,
  /** The line with what a run cost, and what Lambda itself logs of it unless it is told to keep to failures. */
  logBytesPerRun: 260,
  logBytesOfLambda: 790,
  /** Of an image in the registry, compressed. */
  imageGb: 0.3,
  /** Lambda polls a queue with five long polls of 20 s at a time, also when there is nothing. */
  pollsPerMinute: 15,
} as const;

export interface Term {
  readonly term: string;
  readonly units: Units;
}

type Rule = (resource: Resource, all: readonly Resource[]) => readonly Term[];

const free: Rule = () => [];

/** Of these there is a charge for use, which an idle town makes none of, or none at all. */
const freeTypes = [
  /^AWS::ApiGatewayV2::/,
  /^AWS::IAM::/,
  /^AWS::EC2::(InternetGateway|Route|RouteTable|SecurityGroup|Subnet|SubnetRouteTableAssociation|VPC|VPCGatewayAttachment)$/,
  /^AWS::Events::Rule$/,
  /^AWS::Lambda::Permission$/,
  /^AWS::Logs::LogGroup$/,
  /^AWS::S3::(Bucket|BucketPolicy)$/,
  /^AWS::SNS::(Topic|TopicPolicy|Subscription)$/,
  /^AWS::SQS::(Queue|QueuePolicy)$/,
  /^AWS::StepFunctions::StateMachine$/,
];

const rules: Readonly<Record<string, Rule>> = {
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::CloudWatch::Dashboard': () => [{ term: 'dashboard', units: { dashboardMonths: 1 } }],
  'AWS::Scheduler::Schedule': schedule,
  'AWS::Lambda::EventSourceMapping': polling,
  /** Run by nothing, they cost what their image takes in the registry: below. */
  'AWS::Lambda::Function': free,
  'AWS::ECS::TaskDefinition': free,
  'AWS::ECS::Cluster': (cluster) => {
    const insights = listAt(cluster.Properties, 'ClusterSettings').some(
      (setting) => at(setting, 'Value') !== 'disabled',
    );
    if (insights) throw unpriced(cluster, 'has Container Insights, which bills metrics for each task');
    return [];
  },
  /** On demand: storage alone, and with nothing in it, nothing. */
  'AWS::DynamoDB::Table': (table) => {
    if (at(table.Properties, 'BillingMode') !== 'PAY_PER_REQUEST') throw unpriced(table, 'has provisioned capacity');
    return [];
  },
  'AWS::EC2::VPCEndpoint': (endpoint) => {
    if (at(endpoint.Properties, 'VpcEndpointType') !== 'Gateway') throw unpriced(endpoint, 'is no gateway endpoint');
    return [];
  },
};

const unpriced = ({ id, Type }: Resource, why: string): Error =>
  new Error(`IDLE_PRICE_UNKNOWN: ${id} (${Type}) ${why}: give it a rule in test/lib/idle-bill.ts, or take it out.`);

/** Every term of the bill, the same term once. */
export function idleBill(resources: readonly Resource[]): readonly Term[] {
  const terms = new Map<string, Units>();
  for (const resource of resources) {
    const rule = rules[resource.Type] ?? (freeTypes.some((type) => type.test(resource.Type)) ? free : undefined);
    if (!rule) throw unpriced(resource, 'is of a type that nobody has priced');
    for (const { term, units } of rule(resource, resources)) terms.set(term, sum(terms.get(term) ?? {}, units));
  }
  const gb = registryGb(resources);
  if (gb > 0) terms.set('images', { ecrGbMonths: gb });
  return [...terms].map(([term, units]) => ({ term, units }));
}

function alarm(alarm: Resource): readonly Term[] {
  const metrics = listAt(alarm.Properties, 'Metrics');
  if (metrics.some((metric) => /^\s*SELECT\b/i.test(String(at(metric, 'Expression') ?? ''))))
    throw unpriced(alarm, 'queries metrics, and pays for each that it finds');
  const read = metrics.filter((metric) => at(metric, 'MetricStat') !== undefined).length;
  return [{ term: 'alarms', units: { alarmMetricMonths: Math.max(1, read) } }];
}

/** A queue is polled whether or not anything is in it; a stream is read for nothing. */
function polling(mapping: Resource, all: readonly Resource[]): readonly Term[] {
  if (at(mapping.Properties, 'ProvisionedPollerConfig') !== undefined)
    throw unpriced(mapping, 'has pollers of its own, billed by the hour');
  const source = all.find(({ id }) => id === target(at(mapping.Properties, 'EventSourceArn')));
  if (source?.Type === 'AWS::DynamoDB::Table') return [];
  if (source?.Type !== 'AWS::SQS::Queue') throw unpriced(mapping, 'reads from something that nobody has priced');
  const polls = assumed.pollsPerMinute * minutesPerMonth;
  const isFifo = at(source.Properties, 'FifoQueue') === true;
  return [{ term: 'polling of queues', units: isFifo ? { sqsFifo: polls } : { sqsStandard: polls } }];
}

/** The patrol: its runs, and the look at every shard of the attention index. */
function schedule(schedule: Resource, all: readonly Resource[]): readonly Term[] {
  const expression = String(at(schedule.Properties, 'ScheduleExpression'));
  const minutes = Number(/^rate\((\d+) minutes?\)$/.exec(expression)?.[1]);
  const run = all.find(({ id }) => id === target(at(schedule.Properties, 'Target', 'Arn')));
  if (!minutes || run?.Type !== 'AWS::Lambda::Function')
    throw unpriced(schedule, `runs something else than a function, or by "${expression}"`);
  const runs = minutesPerMonth / minutes;
  const gb = Number(at(run.Properties, 'MemorySize')) / 1024;
  const traced = at(run.Properties, 'TracingConfig', 'Mode') === 'Active';
  const quiet = at(run.Properties, 'LoggingConfig', 'SystemLogLevel') === 'WARN';
  return [
    { term: 'patrols: schedule', units: { scheduleRuns: runs } },
    {
      term: 'patrols: function',
      units: { lambdaRequests: runs, lambdaGbSeconds: (runs * gb * assumed.patrolMs) / 1000 },
    },
    { term: 'patrols: reads', units: { dynamoReads: runs * (limits.attentionShards * 0.5 + assumed.patrolQueries) } },
    {
      term: 'patrols: log',
      units: { logBytes: runs * (assumed.logBytesPerRun + (quiet ? 0 : assumed.logBytesOfLambda)) },
    },
    { term: 'patrols: traces', units: traced ? { traces: runs } : {} },
  ];
}

/** The images of functions are one but for their last layer, which is the bundle: the registry keeps a layer once. */
function registryGb(resources: readonly Resource[]): number {
  const functions = resources.some(({ Properties }) => at(Properties, 'Code', 'ImageUri') !== undefined) ? 1 : 0;
  const tasks = resources
    .filter(({ Type }) => Type === 'AWS::ECS::TaskDefinition')
    .flatMap(({ Properties }) => listAt(Properties, 'ContainerDefinitions'))
    .map((container) => JSON.stringify(at(container, 'Image')));
  return (functions + new Set(tasks).size) * assumed.imageGb;
}

/** Dollars a month: were nothing free, and where the free tier is used for nothing else. */
export function idleUsd(bill: readonly Term[]) {
  const month = sum(...bill.map(({ units }) => units));
  /** A town has one dashboard, and every account three for nothing. */
  return { paid: dollars({ ...month, dashboardMonths: 0 }), withFreeTier: dollars(beyondFree(month)) };
}
