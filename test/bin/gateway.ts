/** What stands before a deployed town, as far as gt meets it: API Gateway with IAM, STS, CloudFormation, CloudWatch. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../aws/sha256.ts';
import type { TestTown } from '../lambdas/api/fixture.ts';

export const region = 'eu-west-1';
export const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
/** What each access key may do, and what IAM and STS say to it. */
export type Key = 'AKIDALLOWED' | 'AKIDSTRANGER' | 'AKIDEXPIRED' | 'AKIDLATE';

export interface Gateway {
  readonly url: string;
  /** Answers of API Gateway itself, given to the next requests before anything is looked at. */
  readonly next: { status: number; body: string; headers?: Record<string, string> }[];
  readonly asked: string[];
  readonly alarms: string[];
  /** In vCPU, by the quota's code. */
  readonly quotas: Record<string, number>;
  close(): Promise<void>;
}

export async function openGateway(town: TestTown): Promise<Gateway> {
  const next: Gateway['next'] = [];
  const asked: string[] = [];
  const alarms: string[] = [];
  const quotas: Record<string, number> = {};
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(500).end(error.stack));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const asking = new URL(request.url ?? '/', url);
    const signed = await signatureOf(request, asking, body);
    asked.push(`${signed.service ?? 'unsigned'} ${request.method} ${request.url}`);
    const forTown = signed.service === undefined || signed.service === 'execute-api';
    const instead = forTown ? next.shift() : undefined;
    if (instead) return void response.writeHead(instead.status, instead.headers).end(instead.body);
    if (signed.service === 'servicequotas') {
      const { status, said } = quotaFor(request.headers['x-amz-target'], JSON.parse(body), signed);
      return void response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(said);
    }
    if (!forTown) {
      const { status, xml } = service(asking.searchParams, signed);
      return void response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
    }
    if (signed.key === 'AKIDLATE') response.setHeader('date', new Date(Date.now() + 11 * 60_000).toUTCString());
    if (!signed.valid || signed.key !== 'AKIDALLOWED')
      return void response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"Forbidden"}');
    const given = await town.app.request(asking.href, {
      method: request.method ?? 'GET',
      headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)] as [string, string]),
      ...(body === '' ? {} : { body }),
    });
    response.writeHead(given.status, Object.fromEntries(given.headers)).end(Buffer.from(await given.arrayBuffer()));
  }

  function quotaFor(target: unknown, asking: { ServiceCode: string; QuotaCode: string }, { valid, key }: Signed) {
    const refuse = (type: string) => ({
      status: 400,
      said: JSON.stringify({ __type: type, Message: `${key} may not` }),
    });
    if (!valid) return refuse('InvalidSignatureException');
    if (key !== 'AKIDALLOWED') return refuse('AccessDeniedException');
    const value = quotas[asking.QuotaCode];
    if (target !== 'ServiceQuotasV20190624.GetServiceQuota' || asking.ServiceCode !== 'fargate' || value === undefined)
      return refuse('com.amazonaws.servicequotas#NoSuchResourceException');
    return { status: 200, said: JSON.stringify({ Quota: { QuotaCode: asking.QuotaCode, Value: value } }) };
  }

  function service(query: URLSearchParams, { valid, key }: Signed): { status: number; xml: string } {
    if (!valid) return fault('SignatureDoesNotMatch', 'The signature does not match.');
    if (key === 'AKIDEXPIRED') return fault('ExpiredToken', 'The security token included in the request is expired');
    const caller = `arn:aws:sts::123456789012:assumed-role/Dev/${key}`;
    if (query.get('Action') === 'GetCallerIdentity') return { status: 200, xml: `<R><Arn>${caller}</Arn></R>` };
    if (query.get('Action') === 'DescribeAlarms') {
      if (key !== 'AKIDALLOWED') return fault('AccessDenied', 'not authorized to perform: cloudwatch:DescribeAlarms');
      return { status: 200, xml: alarms.map((one) => `<AlarmDescription>${one}</AlarmDescription>`).join('') };
    }
    if (query.get('StackName') !== 'gastown') return fault('ValidationError', 'Stack with id x does not exist');
    const output = (name: string, value: string) =>
      `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue></member>`;
    return {
      status: 200,
      xml: `<Outputs>${output('Dashboard', 'https://x/?a=1&amp;b')}${output('ApiUrl', url)}</Outputs>`,
    };
  }

  return {
    url,
    next,
    asked,
    alarms,
    quotas,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const fault = (code: string, message: string) => ({
  status: 403,
  xml: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});

interface Signed {
  readonly key?: string;
  readonly service?: string;
  readonly valid: boolean;
}

/** Signs what arrived once more, with the SDK's own signer and the secret that only both ends know. */
async function signatureOf({ method = '', headers }: IncomingMessage, url: URL, body: string): Promise<Signed> {
  const authorization = headers.authorization ?? '';
  const [, key, service, names] =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/\d{8}\/eu-west-1\/([\w-]+)\/aws4_request, SignedHeaders=([\w;-]+),/.exec(
      authorization,
    ) ?? [];
  if (key === undefined || service === undefined || names === undefined) return { valid: false };
  const sessionToken = headers['x-amz-security-token'];
  const peer = new SignatureV4({
    region,
    service,
    sha256: Sha256,
    applyChecksum: false,
    credentials: {
      accessKeyId: key,
      secretAccessKey: secret,
      ...(typeof sessionToken === 'string' ? { sessionToken } : {}),
    },
  });
  const stamp = String(headers['x-amz-date']);
  const signingDate = new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const again = await peer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(names.split(';').map((name) => [name, String(headers[name])])),
      body,
    },
    { signingDate },
  );
  return { key, service, valid: again.headers.authorization === authorization };
}
