/** Who answers the calls: each speaks the Messages API to the proxy, whatever it speaks beyond. */
import { request as httpRequest, type IncomingMessage } from 'node:http';

export interface UpstreamCall {
  /** As it was read and priced. It is sent anew from this: two readers may take the same text for two requests. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly stream: boolean;
  /** The model that is to answer: `modelFor` the one asked for. */
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** Those that the agent may see. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
}

export interface Upstream {
  modelFor(asked: string): string;
  messages(call: UpstreamCall): Promise<UpstreamAnswer>;
  countTokens(call: UpstreamCall): Promise<UpstreamAnswer>;
}

/** A model may think for minutes before its first byte; a connection that says nothing for longer is dead. */
const silenceMs = 10 * 60_000;

export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

/** One request; no redirects, nothing kept. */
export async function send({ method, url, headers, body, signal }: Sent): Promise<IncomingMessage> {
  const open = url.protocol === 'https:' ? (await import('node:https')).request : httpRequest;
  return new Promise((resolve, reject) => {
    const request = open(
      url,
      { method, signal, headers: { ...headers, 'content-length': String(body.byteLength) }, timeout: silenceMs },
      resolve,
    );
    request.on('timeout', () => request.destroy(new Error(`nothing was heard for ${silenceMs / 60_000} minutes`)));
    request.on('error', reject);
    request.end(body);
  });
}
