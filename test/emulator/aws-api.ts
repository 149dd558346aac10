/** Signed calls of the emulator: of the town's API, and of AWS APIs that the town itself has no client for. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Credentials, sigV4 } from '../../aws/sign.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const region = 'us-east-1';
/** The account's own keys, as the emulator knows them: allowed everything. */
const root: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Names under `localhost` are this machine (RFC 6761), which Node leaves to the machine's resolver. */
const lookup: LookupFunction = (_, { all }, found) =>
  all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);

/** Whom the emulator's certificate is from. */
const authority = (): Buffer => readFileSync(process.env.AWS_CA_BUNDLE ?? '');

export interface Call {
  readonly method?: string;
  readonly service: string;
  readonly url: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** `none`: unsigned. */
  readonly as?: Credentials | 'none';
}

export async function call({
  method = 'POST',
  service,
  url,
  body = '',
  headers = {},
  as = root,
}: Call): Promise<Answer> {
  const bytes = Buffer.from(body);
  const target = new URL(url);
  const signer = sigV4({
    region,
    service,
    credentials: async () => (as === 'none' ? root : as),
    now: () => new Date(),
  });
  const signed = as === 'none' ? {} : await signer.sign({ method, url: target, headers, body: bytes });
  return new Promise((resolve, reject) => {
    const sent = request(
      target,
      { method, headers: { ...headers, ...signed }, lookup, ca: authority() },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
      },
    );
    sent.on('error', reject);
    sent.end(bytes);
  });
}

const endpoint = (): string => process.env.AWS_ENDPOINT_URL ?? '';

async function must(asked: Call): Promise<string> {
  const { status, text } = await call(asked);
  if (status >= 300) throw new Error(`${asked.service}: ${status} ${text.slice(0, 500)}`);
  return text;
}

/** The query protocol (IAM, STS, CloudFormation): answers XML. */
export const query = (service: string, version: string, action: string, parameters: Readonly<Record<string, string>>) =>
  must({
    service,
    url: `${endpoint()}/`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ Action: action, Version: version, ...parameters })),
  });

/** The JSON protocol (EventBridge, DynamoDB streams). */
export const json = async <T>(service: string, version: string, target: string, body: object): Promise<T> =>
  JSON.parse(
    await must({
      service,
      url: `${endpoint()}/`,
      headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target },
      body: JSON.stringify(body),
    }),
  ) as T;

/** The texts of all elements of that name. */
export const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text]) => text ?? '');

const element = (xml: string, name: string): string => elements(xml, name)[0] ?? '';

/** A role of the account, for one service, with these actions on everything. Its ARN. */
export async function makeRole(name: string, service: string, actions: readonly string[] = []): Promise<string> {
  const document = (statement: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
  const trust = document({ Principal: { Service: service }, Action: 'sts:AssumeRole' });
  const xml = await query('iam', '2010-05-08', 'CreateRole', { RoleName: name, AssumeRolePolicyDocument: trust });
  if (actions.length > 0) {
    const PolicyDocument = document({ Action: actions, Resource: '*' });
    await query('iam', '2010-05-08', 'PutRolePolicy', { RoleName: name, PolicyName: 'all', PolicyDocument });
  }
  return element(xml, 'Arn');
}

/** Only the service that a role trusts may assume it: who plays that service here has to be trusted as well. */
export async function trustAccount(roleArn: string): Promise<void> {
  const statement = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'sts:AssumeRole' };
  await query('iam', '2010-05-08', 'UpdateAssumeRolePolicy', {
    RoleName: roleArn.slice(roleArn.lastIndexOf('/') + 1),
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
  });
}

/** Keys of a session of a role. */
export async function assumeRole(roleArn: string, session: string): Promise<Credentials & { until: string }> {
  const xml = await query('sts', '2011-06-15', 'AssumeRole', { RoleArn: roleArn, RoleSessionName: session });
  return {
    accessKeyId: element(xml, 'AccessKeyId'),
    secretAccessKey: element(xml, 'SecretAccessKey'),
    sessionToken: element(xml, 'SessionToken'),
    until: element(xml, 'Expiration'),
  };
}
