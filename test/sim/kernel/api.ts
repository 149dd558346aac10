/**
 * The town's API: the app that serves the laptop and API Gateway, in this process. Making one costs as much as a small
 * scenario, so apps are kept, and each serves one request at a time, on the ports that it is lent for it.
 */
import { refuse } from '../../../core/errors.ts';
import { makeApp } from '../../../lambdas/api/app.ts';
import type { ApiDeps } from '../../../lambdas/api/deps.ts';
import type { Api } from '../../../lambdas/api/endpoint.ts';
import type { ApiAnswer, ApiRequest } from './stage.ts';

/** The bearer token of people. */
const personToken = 'overseer';

interface Customer {
  readonly ports: ApiDeps;
  /** Hears of what was caught and answered 500 for. */
  readonly onBug: (error: unknown) => void;
}

interface LentApp {
  readonly app: Api;
  customer: Customer | undefined;
}

const portNames = ['ledger', 'repo', 'blobs', 'clock', 'ids', 'codeHost'] as const satisfies readonly (keyof ApiDeps)[];
const free: LentApp[] = [];

export async function serve(
  customer: Customer,
  { method, path, token = personToken, idempotencyKey, body }: ApiRequest,
): Promise<ApiAnswer> {
  const lent = free.pop() ?? newApp();
  lent.customer = customer;
  const text = body && JSON.stringify(body);
  const response = await lent.app.fetch(
    new Request(`http://town${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
        ...(text ? { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) } : {}),
      },
      ...(text ? { body: text } : {}),
    }),
  );
  const answer = await response.text();
  // An app whose request died with its run is not given back: nobody knows where it stands.
  free.push(lent);
  return { status: response.status, body: (answer === '' ? {} : JSON.parse(answer)) as ApiAnswer['body'] };
}

function newApp(): LentApp {
  let lent: LentApp | undefined;
  /** Every method goes to the ports of the request that is being served. */
  const late = (name: (typeof portNames)[number]): unknown =>
    new Proxy({}, { get: (_, method) => Reflect.get(lent?.customer?.ports[name] ?? {}, method) });
  const deps = Object.fromEntries(portNames.map((name) => [name, late(name)])) as unknown as ApiDeps;
  const app = makeApp(deps, {
    authenticate: (request) =>
      request.headers.get('authorization') === `Bearer ${personToken}`
        ? { name: 'overseer' }
        : refuse(401, 'TOKEN_MISSING', 'No person.', 'Send the token of one.'),
    localRemotes: true,
    webhookSecrets: async () => [],
    fleet: { polecatsMax: 4 },
    onSuperseded: () => undefined,
    onBug: (error) => lent?.customer?.onBug(error),
  });
  lent = { app, customer: undefined };
  return lent;
}
