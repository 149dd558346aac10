/** The town's API as a task sees it. Calls are repeated with backoff while the town cannot be reached, for a bounded time. */
import { Agent, request as httpRequest } from 'node:http';
import type { Signer } from '../../aws/sign.ts';
import type { subjectHeader as protocolHeader, Subject } from '../../core/polecats/protocol.ts';
import type { Interrupt } from './interrupt.ts';

/** The town answered, and will answer the same again. */
export class TownRefused extends Error {
  override readonly name = 'TownRefused';
}

/** The town did not answer for as long as this call may wait. */
class TownUnreachable extends Error {
  override readonly name = 'TownUnreachable';
}

export interface CallOptions {
  /** How long to repeat the call while the town cannot be reached; 0: once. Asked again before each repeat. */
  readonly patienceMs: number | (() => number);
  /** Gives the waiting up. */
  readonly interrupt?: Interrupt;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** As in the protocol, whose schemas stay out of this bundle: the compiler checks that it is the same name. */
const subjectHeader: typeof protocolHeader = 'gastown-subject';
const answerTimeoutMs = 15_000;
const backoffFirstMs = 40;
const backoffMaxMs = 5_000;
const answerBytesMax = 8 * 1024 * 1024;

export class Town {
  readonly #base: URL;
  readonly #signer: Signer;
  readonly #subject: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(base: string, signer: Signer, subject: Subject) {
    this.#subject = JSON.stringify(subject);
    this.#base = new URL(base.endsWith('/') ? base : `${base}/`);
    this.#signer = signer;
  }

  /** Throws `TownRefused` for an answer of 4xx and `TownUnreachable` when the patience is over. */
  post<T>(path: string, body: object, options: CallOptions): Promise<T> {
    return this.#call<T>('POST', path, 'application/json', Buffer.from(JSON.stringify(body)), options);
  }

  async putBlob(bytes: Uint8Array, options: CallOptions): Promise<string> {
    const { hash } = await this.#call<{ hash: string }>('PUT', 'blobs', 'application/octet-stream', bytes, options);
    return hash;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #call<T>(method: string, path: string, type: string, body: Uint8Array, options: CallOptions): Promise<T> {
    const url = new URL(`v1/polecat/${path}`, this.#base);
    const startedAt = Date.now();
    const patienceMs = (): number =>
      typeof options.patienceMs === 'number' ? options.patienceMs : options.patienceMs();
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#once(method, url, type, body).catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.status >= 200 && answer.status < 300)
        return JSON.parse(answer.text) as T;
      const said = answer instanceof Error ? answer.message : `${answer.status} ${answer.text.slice(0, 500)}`;
      if (!(answer instanceof Error) && isFinal(answer.status))
        throw new TownRefused(`${method} ${url.pathname}: ${said}`);
      const restMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2);
      if (options.interrupt?.current || Date.now() + restMs > startedAt + patienceMs()) {
        throw new TownUnreachable(`${method} ${url.pathname}: no answer in ${tries} tries; the last: ${said}`);
      }
      await (options.interrupt?.sleep(restMs) ?? new Promise((resolve) => setTimeout(resolve, restMs)));
    }
  }

  async #once(method: string, url: URL, type: string, body: Uint8Array): Promise<Answer> {
    const plain = { 'content-type': type, [subjectHeader]: this.#subject };
    const headers = { ...plain, ...(await this.#signer.sign({ method, url, headers: plain, body })) };
    const secure = url.protocol === 'https:';
    const send = secure ? (await import('node:https')).request : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(
        url,
        {
          method,
          headers: { ...headers, 'content-length': String(body.byteLength) },
          timeout: answerTimeoutMs,
          ...(secure ? {} : { agent: this.#agent }),
        },
        (response) => {
          const parts: Buffer[] = [];
          let size = 0;
          response.on('data', (part: Buffer) => {
            size += part.byteLength;
            if (size > answerBytesMax) response.destroy(new Error(`an answer of more than ${answerBytesMax} bytes`));
            else parts.push(part);
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
          );
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no answer in ${answerTimeoutMs} ms`)));
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** Asking again changes nothing; unlike a request that was throttled, timed out, or met a broken server. */
const isFinal = (status: number): boolean =>
  status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429;
