/** Events as API Gateway sends them to a function (HTTP API, payload format 2.0), and what its authorizers add. */
import type { LambdaEvent } from 'hono/aws-lambda';
import type { makeHandler } from '../../../lambdas/api/gateway.ts';

const account = '123456789012';
export const taskRole = 'gastown-YardTaskRole';

export type Authorizer = { readonly iam: object } | { readonly jwt: object };

const iam = (userArn: string, userId: string): Authorizer => ({
  iam: {
    accessKey: 'ASIAIOSFODNN7EXAMPLE',
    accountId: account,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: 'aws:PrincipalOrgID',
    userArn,
    userId,
  },
});

export const user = (name: string) => iam(`arn:aws:iam::${account}:user/${name}`, 'AIDAEXAMPLE');
export const assumedRole = (role: string, session: string) =>
  iam(`arn:aws:sts::${account}:assumed-role/${role}/${session}`, `AROAEXAMPLE:${session}`);
export const task = (id: string) => assumedRole(taskRole, id);
export const person = (sub: string): Authorizer => ({
  jwt: { claims: { aud: 'gastown', iss: 'https://id.example.com', sub, exp: '1893456000' }, scopes: null },
});

interface Sent {
  readonly authorizer?: Authorizer | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const eventOf = (method: string, rawPath: string, { authorizer, body, headers = {} }: Sent) => ({
  version: '2.0',
  routeKey: 'ANY /{path+}',
  rawPath,
  rawQueryString: '',
  headers: {
    'content-type': 'application/json',
    host: 'abc123.execute-api.us-east-1.amazonaws.com',
    'x-forwarded-for': '203.0.113.7',
    ...headers,
  },
  requestContext: {
    accountId: account,
    apiId: 'abc123',
    ...(authorizer ? { authorizer } : {}),
    domainName: 'abc123.execute-api.us-east-1.amazonaws.com',
    domainPrefix: 'abc123',
    http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'curl/8' },
    requestId: 'JKJaXmPLvHcESHA=',
    routeKey: 'ANY /{path+}',
    stage: '$default',
    time: '23/Nov/2026:05:04:00 +0000',
    timeEpoch: 1795410240000,
  },
  ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  isBase64Encoded: false,
});

/** One request through the handler, as the gateway makes it. */
export const through =
  (handler: ReturnType<typeof makeHandler>) =>
  async (method: string, path: string, sent: Sent = {}) => {
    const answer = await handler(eventOf(method, path, sent) as unknown as LambdaEvent);
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
    return { status: answer.statusCode, body: JSON.parse(answer.body) as any };
  };
