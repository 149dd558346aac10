/** Speaks HTTP to the town, and turns its problem documents back into errors. */
import type { TownAddress } from './address.ts';

/** What the CLI prints and ends with: `CODE: what remedy`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly faults: readonly { readonly what: string; readonly remedy: string; readonly at?: string }[];

  constructor(code: string, what: string, remedy: string, faults: Refusal['faults'] = []) {
    super(`${code}: ${what} ${remedy}`.trim());
    this.code = code;
    this.faults = faults;
  }
}

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

export class Client {
  readonly #address: TownAddress;

  constructor(address: TownAddress) {
    this.#address = address;
  }

  get url(): string {
    return this.#address.url;
  }

  get = <T>(path: string, query: Request['query'] = {}): Promise<T> => this.#call<T>('GET', path, { query });
  post = <T>(path: string, request: Request = {}): Promise<T> => this.#call<T>('POST', path, request);
  patch = <T>(path: string, body: unknown): Promise<T> => this.#call<T>('PATCH', path, { body });

  async #call<T>(method: string, path: string, { query = {}, body, headers = {} }: Request): Promise<T> {
    const url = new URL(`/v1/${path}`, this.#address.url);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
    const response = await fetch(url, {
      method,
      headers: {
        ...(this.#address.token === undefined ? {} : { authorization: `Bearer ${this.#address.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerTimeoutMs),
    }).catch((error: Error) => {
      throw unreachable(this.#address.url, error);
    });
    const text = await response.text();
    const answer = parse(text);
    if (answer === undefined) throw notATown(this.#address.url, response.status);
    if (response.ok) return answer as T;
    const problem = answer as Problem;
    if (typeof problem.code !== 'string') throw notATown(this.#address.url, response.status);
    const remedy = response.status === 401 ? `${problem.remedy} ${tokenHint}` : problem.remedy;
    throw new Refusal(problem.code, problem.detail, remedy, problem.faults);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unreachable = (url: string, error: Error): Refusal => {
  const cause = error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
  return new Refusal(
    'TOWN_UNREACHABLE',
    `No town answers at ${url} (${cause}).`,
    'Start it with npm start, or give another --url.',
  );
};

const notATown = (url: string, status: number): Refusal =>
  new Refusal('TOWN_STRANGE', `What answers at ${url} is not a town (status ${status}).`, 'Check --url.');
