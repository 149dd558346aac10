/** Speaks HTTP to the town, and turns its problem documents back into errors. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bearer, type Signer } from '../../aws/sign.ts';
import type { TownAddress } from './address.ts';
import { awsSigner, causeOf } from './aws.ts';
import { gatewayRefusal } from './gateway.ts';
import { Refusal } from './refusal.ts';

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly faults: Refusal['faults'];
}

export interface Request {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const tokenHint = 'With gt: --token-file <file>, or GASTOWN_TOKEN_FILE.';
const answerTimeoutMs = 60_000;
const triesMax = 4;
const restFirstMs = 250;

export class Client {
  readonly #address: TownAddress;
  readonly #signer: Signer | undefined;

  constructor(address: TownAddress) {
    const { token, region } = address;
    this.#address = address;
    this.#signer =
      token !== undefined ? bearer(token) : region !== undefined ? awsSigner(region, 'execute-api') : undefined;
  }

  get url(): string {
    return this.#address.url;
  }

  get = <T>(path: string, query: Request['query'] = {}): Promise<T> => this.#call<T>('GET', path, { query });
  put = <T>(path: string, request: Request = {}): Promise<T> => this.#call<T>('PUT', path, request);
  post = <T>(path: string, request: Request = {}): Promise<T> => this.#call<T>('POST', path, request);
  patch = <T>(path: string, body: unknown): Promise<T> => this.#call<T>('PATCH', path, { body });

  async #call<T>(method: string, path: string, request: Request): Promise<T> {
    const url = this.#urlOf(path, request.query ?? {});
    const response = await this.#answer(method, url, request);
    const answer = parse(await response.text());
    if (response.ok && answer !== undefined) return answer as T;
    const { code, detail, remedy, faults } = (answer ?? {}) as Partial<Problem>;
    if (typeof code !== 'string' || detail === undefined)
      throw (await gatewayRefusal(response, answer, method, url, this.#address)) ?? notATown(this.url, response.status);
    throw new Refusal(code, detail, `${remedy}${response.status === 401 ? ` ${tokenHint}` : ''}`, faults);
  }

  #urlOf(path: string, query: NonNullable<Request['query']>): URL {
    const url = new URL(`v1/${path}`, this.url.replace(/\/*$/, '/'));
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
    // A plus sign is a space to one side and a plus to the other: what is signed must be read in one way.
    url.search = url.search.replaceAll('+', '%20');
    return url;
  }

  /** Through API Gateway, what was throttled or failed is asked again if asking changes nothing. */
  async #answer(method: string, url: URL, request: Request): Promise<Response> {
    const triesAtMost = method === 'GET' && this.#address.region !== undefined ? triesMax : 1;
    for (let tries = 1; ; tries += 1) {
      const response = await this.#send(method, url, request);
      if (tries === triesAtMost || (response.status !== 429 && response.status < 500)) return response;
      await response.body?.cancel();
      await sleep(restFirstMs * 2 ** (tries - 1) * (0.5 + Math.random()));
    }
  }

  async #send(method: string, url: URL, { body, headers = {} }: Request): Promise<Response> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const plain = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers };
    const proof = await this.#signer?.sign({ method, url, headers: plain, body: Buffer.from(text) });
    return fetch(url, {
      method,
      headers: { ...plain, ...proof },
      ...(body === undefined ? {} : { body: text }),
      // Nobody else is to be shown the secret, or the signature.
      redirect: 'manual',
      signal: AbortSignal.timeout(answerTimeoutMs),
    }).catch((error: Error) => {
      throw unreachable(this.#address, error);
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unreachable = ({ url, region }: TownAddress, error: Error): Refusal =>
  new Refusal(
    'TOWN_UNREACHABLE',
    `No town answers at ${url} (${causeOf(error)}).`,
    region === undefined
      ? 'Start it with npm start, or give another --url.'
      : 'Check --url against the stack’s output ApiUrl, and your network.',
  );

const notATown = (url: string, status: number): Refusal =>
  new Refusal('TOWN_STRANGE', `What answers at ${url} is not a town (status ${status}).`, 'Check --url.');
