/**
 * The model proxy: the Messages API on loopback, for one attempt's agent. The agent knows its address and a key that
 * is good here alone; the real key stays in the harness, as does the count of what was spent.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readRequest } from '../../../core/costs/model-request.ts';
import { textOf } from '../failure.ts';
import { refuse } from './answers.ts';
import { passMessages } from './call.ts';
import { Spending } from './spending.ts';
import type { Upstream } from './upstream.ts';

export interface ModelProxyOptions {
  /** Absent: nobody answers, and the refusal says how to change that. */
  readonly upstream: Upstream | undefined;
  readonly budgetUsd: number;
  /** After each change of what was spent or is held: has the town write that down, and says whether it did. */
  readonly tell: () => Promise<boolean>;
  readonly onSpent: (detail: string) => void;
}

/** The API's own limit is 32 MB. */
const requestBytesMax = 32 * 1024 * 1024;
const passedHeader = /^(anthropic-version|anthropic-beta|user-agent)$/;

export class ModelProxy {
  readonly #options: ModelProxyOptions;
  readonly #spending: Spending;
  readonly #key = `gastown-${randomBytes(32).toString('hex')}`;
  readonly #server: Server;
  readonly #calls = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  private constructor(options: ModelProxyOptions) {
    this.#options = options;
    this.#spending = new Spending(options.budgetUsd, options.tell);
    this.#server = createServer({ requestTimeout: 0 }, (request, response) => {
      const call = this.#serve(request, response).finally(() => this.#calls.delete(call));
      this.#calls.add(call);
    });
  }

  static async start(options: ModelProxyOptions): Promise<ModelProxy> {
    const proxy = new ModelProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get spentUsd(): number {
    return this.#spending.spentUsd;
  }

  get heldUsd(): number {
    return this.#spending.heldUsd;
  }

  /** What the agent gets to know. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    return { ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`, ANTHROPIC_API_KEY: this.#key };
  }

  /** Calls under way are broken off; all are settled when this returns. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all(this.#calls);
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const end = (): void => gone.abort();
    response.on('close', end);
    this.#closing.signal.addEventListener('abort', end, { once: true });
    if (this.#closing.signal.aborted) end();
    try {
      await this.#route(request, response, gone.signal);
    } catch (error) {
      refuse(response, 500, `PROXY_FAILED: ${textOf(error)}`);
      process.stderr.write(`model call failed: ${textOf(error)}\n`);
    } finally {
      this.#closing.signal.removeEventListener('abort', end);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    if (!this.#knows(request)) {
      request.resume();
      return refuse(
        response,
        401,
        'KEY_UNKNOWN: this proxy takes the key of ANTHROPIC_API_KEY in its agent’s environment.',
      );
    }
    const path = (request.url ?? '').split('?')[0];
    const counts = path === '/v1/messages/count_tokens';
    if (request.method !== 'POST' || (path !== '/v1/messages' && !counts)) {
      request.resume();
      return refuse(response, 404, 'ROUTE_UNKNOWN: here are POST /v1/messages and POST /v1/messages/count_tokens.');
    }
    const text = await textWithin(request, requestBytesMax);
    if (text === undefined) {
      return refuse(response, 413, `REQUEST_TOO_LARGE: more than ${requestBytesMax} bytes.`);
    }
    const { upstream, onSpent } = this.#options;
    if (!upstream) {
      return refuse(
        response,
        403,
        'MODEL_UNCONFIGURED: this town has no model for agents. On a laptop start it with ANTHROPIC_API_KEY; on AWS name models in its configuration.',
      );
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        typeof value === 'string' && passedHeader.test(name) ? [[name, value]] : [],
      ),
    );
    if (counts) return passCount(upstream, text, headers, response, signal);
    return passMessages({ upstream, spending: this.#spending, onSpent }, text, headers, response, signal);
  }

  #knows({ headers }: IncomingMessage): boolean {
    const given = headers['x-api-key'] ?? /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (typeof given !== 'string') return false;
    const [a, b] = [Buffer.from(given), Buffer.from(this.#key)];
    return a.byteLength === b.byteLength && timingSafeEqual(a, b);
  }
}

/** Counting costs nothing. */
async function passCount(
  upstream: Upstream,
  text: string,
  headers: Readonly<Record<string, string>>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  // It asks for no answer, so it names no length of one.
  const read = readRequest(text.replace(/^\s*\{/, '{"max_tokens":1,'));
  if (!read.ok) return refuse(response, 400, `REQUEST_INVALID: ${read.fault}.`);
  const { max_tokens: _, ...body } = read.body;
  const model = upstream.modelFor(read.request.model);
  try {
    const answer = await upstream.countTokens({ body, stream: false, model, headers, signal });
    response.writeHead(answer.status, { ...answer.headers });
    for await (const bytes of answer.body) response.write(bytes);
    response.end();
  } catch (error) {
    if (!signal.aborted) refuse(response, 502, `MODEL_UNREACHABLE: ${textOf(error)}`);
  }
}

async function textWithin(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).byteLength;
    // Read to its end, so that the refusal is heard; kept no more.
    if (size > bytesMax) parts.length = 0;
    else parts.push(part as Buffer);
  }
  return size > bytesMax ? undefined : Buffer.concat(parts).toString('utf8');
}
