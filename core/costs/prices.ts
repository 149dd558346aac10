/**
 * What AWS asks for what the town uses. One price a unit, the dearest step of its scale; beside it what every account
 * has free each month for as long as it exists (not the first year's gifts, which end).
 */

const GiB = 2 ** 30;
const million = 1e6;
const hour = 3600;

/** What AWS published then; look at a price's source before quoting a figure much later. */
export const priceList = { region: 'us-east-1', asOf: '2026-11', currency: 'USD' } as const;

interface Price {
  /** As the bill groups it. */
  readonly service: string;
  /** Dollars for so many units. */
  readonly usd: number;
  readonly per: number;
  /** Units a month that no account pays for. */
  readonly free?: number;
  /** Where the price is published. */
  readonly source: string;
}

const lambda = { service: 'Lambda', source: 'https://aws.amazon.com/lambda/pricing/' };
const dynamo = { service: 'DynamoDB', source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/' };
const sqs = { service: 'SQS', source: 'https://aws.amazon.com/sqs/pricing/' };
const s3 = { service: 'S3', source: 'https://aws.amazon.com/s3/pricing/' };
const cloudWatch = { service: 'CloudWatch', source: 'https://aws.amazon.com/cloudwatch/pricing/' };
const secrets = { service: 'Secrets Manager', source: 'https://aws.amazon.com/secrets-manager/pricing/' };
const fargate = { service: 'Fargate', source: 'https://aws.amazon.com/fargate/pricing/' };
/** Claude Sonnet; a town that uses another model multiplies by that model's price. */
const model = { service: 'Model', source: 'https://aws.amazon.com/bedrock/pricing/' };

export const prices = {
  lambdaRequests: { ...lambda, usd: 0.2, per: million, free: million },
  /** arm64. */
  lambdaGbSeconds: { ...lambda, usd: 0.0000133334, per: 1, free: 400_000 },
  dynamoReads: { ...dynamo, usd: 0.125, per: million },
  dynamoWrites: { ...dynamo, usd: 0.625, per: million },
  /** The free million is shared by both kinds of queue: given to the standard ones. */
  sqsStandard: { ...sqs, usd: 0.4, per: million, free: million },
  sqsFifo: { ...sqs, usd: 0.5, per: million },
  transitions: {
    service: 'Step Functions',
    source: 'https://aws.amazon.com/step-functions/pricing/',
    usd: 25,
    per: million,
    free: 4000,
  },
  s3Puts: { ...s3, usd: 5, per: million },
  s3Gets: { ...s3, usd: 0.4, per: million },
  snsPublishes: {
    service: 'SNS',
    source: 'https://aws.amazon.com/sns/pricing/',
    usd: 0.5,
    per: million,
    free: million,
  },
  apiRequests: {
    service: 'API Gateway',
    source: 'https://aws.amazon.com/api-gateway/pricing/',
    usd: 1,
    per: million,
  },
  scheduleRuns: {
    service: 'EventBridge Scheduler',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
    usd: 1,
    per: million,
    free: 14 * million,
  },
  /** Ingested. */
  logBytes: { ...cloudWatch, usd: 0.5, per: GiB, free: 5 * GiB },
  /** An alarm on an expression pays for each metric in it. */
  alarmMetricMonths: { ...cloudWatch, usd: 0.1, per: 1, free: 10 },
  metricMonths: { ...cloudWatch, usd: 0.3, per: 1, free: 10 },
  dashboardMonths: { ...cloudWatch, usd: 3, per: 1, free: 3 },
  traces: { service: 'X-Ray', source: 'https://aws.amazon.com/xray/pricing/', usd: 5, per: million, free: 100_000 },
  secretMonths: { ...secrets, usd: 0.4, per: 1 },
  secretReads: { ...secrets, usd: 0.05, per: 10_000 },
  ecrGbMonths: { service: 'ECR', source: 'https://aws.amazon.com/ecr/pricing/', usd: 0.1, per: 1 },
  /** arm64, by the second with one minute at least, from the pull of the image on. */
  fargateVcpuSeconds: { ...fargate, usd: 0.03238, per: hour },
  fargateGbSeconds: { ...fargate, usd: 0.00356, per: hour },
  ipv4Seconds: { service: 'Public IPv4', source: 'https://aws.amazon.com/vpc/pricing/', usd: 0.005, per: hour },
  modelInputTokens: { ...model, usd: 3, per: million },
  modelOutputTokens: { ...model, usd: 15, per: million },
} as const satisfies Readonly<Record<string, Price>>;

export type Unit = keyof typeof prices;
/** How much of what: what a call, a bead or a month takes. */
export type Units = Readonly<Partial<Record<Unit, number>>>;

const priceOf = (unit: Unit): Price => prices[unit];

const entriesOf = (units: Units): [Unit, number][] => Object.entries(units) as [Unit, number][];

export const sum = (...all: readonly Units[]): Units => {
  const total: Partial<Record<Unit, number>> = {};
  for (const [unit, count] of all.flatMap(entriesOf)) total[unit] = (total[unit] ?? 0) + count;
  return total;
};

export const times = (units: Units, factor: number): Units =>
  Object.fromEntries(entriesOf(units).map(([unit, count]) => [unit, count * factor]));

/** Dollars for these units, were nothing free. */
export const dollars = (units: Units): number =>
  entriesOf(units).reduce((total, [unit, count]) => total + (count * priceOf(unit).usd) / priceOf(unit).per, 0);

/** What is left to pay of a month's units in an account that uses its free allowances for nothing else. */
export const beyondFree = (month: Units): Units =>
  Object.fromEntries(entriesOf(month).map(([unit, count]) => [unit, Math.max(0, count - (priceOf(unit).free ?? 0))]));

/** Dollars by service, the dearest first. */
export function byService(units: Units): readonly { readonly service: string; readonly usd: number }[] {
  const services = new Map<string, number>();
  for (const [unit, count] of entriesOf(units)) {
    const { service } = priceOf(unit);
    services.set(service, (services.get(service) ?? 0) + dollars({ [unit]: count }));
  }
  return [...services].map(([service, usd]) => ({ service, usd })).sort((a, b) => b.usd - a.usd);
}
