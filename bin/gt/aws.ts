/** The few things gt asks of AWS itself, signed like its requests to the town. The SDK's chain loads when first needed. */
import { type Credentials, type Signer, sigV4 } from '../../aws/sign.ts';
import { Refusal } from './refusal.ts';

type Environment = Readonly<Record<string, string | undefined>>;

async function credentials(): Promise<Credentials> {
  const { chain } = await import('./credentials.ts');
  return chain().then(
    ({ accessKeyId, secretAccessKey, sessionToken }) => ({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken ? { sessionToken } : {}),
    }),
    (error: Error) => {
      throw new Refusal(
        'CREDENTIALS_MISSING',
        `No AWS credentials: ${error.message.replace(/\.?$/, '.')}`,
        'Set AWS_PROFILE, or sign in (aws sso login, aws configure); or give --token-file for a town that takes tokens.',
      );
    },
  );
}

/** Service by its signing name: `execute-api` for the town. */
export const awsSigner = (region: string, service: string): Signer =>
  sigV4({ region, service, credentials, now: () => new Date() });

/** Why AWS did not answer what was asked; `UNREACHABLE` if nothing answered at all. */
export interface AwsFault {
  readonly code: string;
  readonly what: string;
}

interface Service {
  /** Its signing name, and its host. */
  readonly name: 'sts' | 'cloudformation' | 'monitoring' | 'servicequotas';
  /** As in `AWS_ENDPOINT_URL_<ID>`. */
  readonly id: string;
}

interface QueryService extends Service {
  readonly version: string;
}
const sts: QueryService = { name: 'sts', version: '2011-06-15', id: 'STS' };
const cloudFormation: QueryService = { name: 'cloudformation', version: '2010-05-15', id: 'CLOUDFORMATION' };
const cloudWatch: QueryService = { name: 'monitoring', version: '2010-08-01', id: 'CLOUDWATCH' };
const serviceQuotas: Service = { name: 'servicequotas', id: 'SERVICE_QUOTAS' };

const answerTimeoutMs = 10_000;

interface Question {
  readonly method: 'GET' | 'POST';
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function send(
  { name, id }: Service,
  region: string,
  { method, query, headers: given, body }: Question,
  environment: Environment,
): Promise<{ ok: boolean; status: number; text: string } | AwsFault> {
  const own = `https://${name}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const url = new URL(environment[`AWS_ENDPOINT_URL_${id}`] || environment.AWS_ENDPOINT_URL || own);
  url.search = query;
  const unsigned = { method, url, headers: given, body: Buffer.from(body) };
  const headers = { ...given, ...(await awsSigner(region, name).sign(unsigned)) };
  const signal = AbortSignal.timeout(answerTimeoutMs);
  try {
    const response = await fetch(url, { method, headers, signal, ...(body === '' ? {} : { body }) });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    return { code: 'UNREACHABLE', what: `${url.origin} does not answer: ${causeOf(error as Error)}` };
  }
}

/** AWS's query protocol, read only: https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html */
async function ask(
  service: QueryService,
  region: string,
  parameters: Readonly<Record<string, string>>,
  environment: Environment,
): Promise<string | AwsFault> {
  const query = new URLSearchParams({ ...parameters, Version: service.version }).toString();
  const answer = await send(service, region, { method: 'GET', query, headers: {}, body: '' }, environment);
  if ('code' in answer) return answer;
  if (answer.ok) return answer.text;
  const what = textsOf(answer.text, 'Message')[0] ?? `status ${answer.status}`;
  return { code: textsOf(answer.text, 'Code')[0] ?? `STATUS_${answer.status}`, what };
}

/** What `fetch` hides behind "fetch failed". */
export const causeOf = (error: Error): string =>
  error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** The text of every element of this name. These answers nest no element in one of the same name. */
const textsOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) =>
    text.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => entities[entity] ?? ''),
  );

/** For who asks beside the point: that there are no credentials is an answer as well. */
export const orFault = <Answer>(asked: Promise<Answer | AwsFault>): Promise<Answer | AwsFault> =>
  asked.catch((error: Error) => ({ code: 'CREDENTIALS', what: error.message }));

export async function callerOf(region: string, environment: Environment): Promise<{ arn: string } | AwsFault> {
  const answer = await ask(sts, region, { Action: 'GetCallerIdentity' }, environment);
  return typeof answer === 'string' ? { arn: textsOf(answer, 'Arn')[0] ?? 'unknown' } : answer;
}

/** The descriptions of all alarms that ring in the region. */
export async function ringingAlarms(region: string, environment: Environment): Promise<readonly string[] | AwsFault> {
  const answer = await ask(
    cloudWatch,
    region,
    { Action: 'DescribeAlarms', StateValue: 'ALARM', MaxRecords: '100' },
    environment,
  );
  return typeof answer === 'string' ? textsOf(answer, 'AlarmDescription') : answer;
}

/** The account's own value: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html */
export async function quotaOf(
  { service, quota }: { readonly service: string; readonly quota: string },
  region: string,
  environment: Environment,
): Promise<{ value: number } | AwsFault> {
  const answer = await send(
    serviceQuotas,
    region,
    {
      method: 'POST',
      query: '',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'ServiceQuotasV20190624.GetServiceQuota',
      },
      body: JSON.stringify({ ServiceCode: service, QuotaCode: quota }),
    },
    environment,
  );
  if ('code' in answer) return answer;
  const said = jsonOf(answer.text) as {
    Quota?: { Value?: number };
    __type?: string;
    message?: string;
    Message?: string;
  };
  const value = said.Quota?.Value;
  if (answer.ok && value !== undefined) return { value };
  const code = said.__type?.replace(/^.*#/, '') ?? `STATUS_${answer.status}`;
  return { code, what: said.message ?? said.Message ?? 'no value for it' };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** The `ApiUrl` that the stack puts out. Throws STACK_UNREADABLE. */
export async function urlOfStack(stack: string, region: string, environment: Environment): Promise<string> {
  const answer = await ask(cloudFormation, region, { Action: 'DescribeStacks', StackName: stack }, environment);
  if (typeof answer !== 'string') {
    throw new Refusal(
      'STACK_UNREADABLE',
      `The stack "${stack}" in ${region} cannot be read: ${answer.code}, ${answer.what}.`,
      'Check --stack and --region, and that you may call cloudformation:DescribeStacks; or give --url.',
    );
  }
  const at = textsOf(answer, 'OutputKey').indexOf('ApiUrl');
  const url = textsOf(answer, 'OutputValue')[at];
  if (at >= 0 && url !== undefined) return url;
  throw new Refusal(
    'STACK_NOT_A_TOWN',
    `The stack "${stack}" in ${region} has no output ApiUrl.`,
    'Give the name of a town’s stack: aws cloudformation list-stacks shows all.',
  );
}
