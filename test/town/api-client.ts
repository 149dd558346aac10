/** The town's API over real HTTP. */
import type { Bead } from '../../core/convoys/bead.ts';
import type { Convoy } from '../../core/convoys/convoy.ts';

export type ConvoyDetail = Convoy & { readonly beads: readonly Bead[] };

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly faults: readonly { readonly code: string; readonly what: string; readonly at?: string }[];
}

export interface ApiClient {
  readonly url: string;
  readonly token: string;
  /** Any answer, refusals too. Throws only when there is none. */
  call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  /** An answer that is well, or an error with what it said. */
  must<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  /** One key, one convoy: may be repeated. */
  submit(rig: string, text: string, key: string): Promise<string>;
  convoy(id: string): Promise<ConvoyDetail>;
}

export function makeClient(url: string, token: string): ApiClient {
  const client: ApiClient = {
    url,
    token,
    async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as T };
    },
    async must<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
      const answer = await client.call<T>(method, path, body, headers);
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    async submit(rig, text, key) {
      const { convoy } = await client.must<{ convoy: Convoy }>(
        'POST',
        '/v1/intents',
        { rig, text },
        { 'idempotency-key': key },
      );
      return convoy.id;
    },
    convoy: (id) => client.must<ConvoyDetail>('GET', `/v1/convoys/${id}`),
  };
  return client;
}
