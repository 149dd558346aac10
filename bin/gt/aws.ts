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
  readonly name: 'sts' | 'cloudformation' | 'monitoring';
  readonly version: string;
  /** As in `AWS_ENDPOINT_URL_<ID>`. */
  readonly id: string;
}
const sts: Service = { name: 'sts', version: '2011-06-15', id: 'STS' };
const cloudFormation: Service = { name: 'cloudformation', version: '2010-05-15', id: 'CLOUDFORMATION' };
const cloudWatch: Service = { name: 'monitoring', version: '2010-08-01', id: 'CLOUDWATCH' };

const answerTimeoutMs = 10_000;

/** AWS's query protocol, read only: https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html */
async function ask(
  { name, version, id }: Service,
  region: string,
  parameters: Readonly<Record<string, string>>,
  environment: Environment,
): Promise<string | AwsFault> {
  const own = `https://${name}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const url = new URL(environment[`AWS_ENDPOINT_URL_${id}`] || environment.AWS_ENDPOINT_URL || own);
  url.search = new URLSearchParams({ ...parameters, Version: version }).toString();
  const headers = await awsSigner(region, name).sign({ method: 'GET', url, headers: {}, body: new Uint8Array() });
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(answerTimeoutMs) });
    const xml = await response.text();
    if (response.ok) return xml;
    const what = textsOf(xml, 'Message')[0] ?? `status ${response.status}`;
    return { code: textsOf(xml, 'Code')[0] ?? `STATUS_${response.status}`, what };
  } catch (error) {
    return { code: 'UNREACHABLE', what: `${url.origin} does not answer: ${causeOf(error as Error)}` };
  }
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
