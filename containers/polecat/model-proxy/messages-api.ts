/** A server that speaks the Messages API itself: Anthropic's, or one that stands for it. It gets the real key. */
import type { IncomingMessage } from 'node:http';
import { send } from '../../../local/send.ts';
import type { Upstream, UpstreamAnswer, UpstreamCall } from './upstream.ts';

export interface MessagesApiOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly proxy?: URL | undefined;
}

/** What an answer tells the agent: whether and when to ask again, and what to name in a complaint. */
const passedHeader = /^(content-type|retry-after|retry-after-ms|x-should-retry|request-id|anthropic-.*)$/;
const defaultVersion = '2023-06-01';

export function messagesApi({ baseUrl, apiKey, proxy }: MessagesApiOptions): Upstream {
  const base = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  const post = async (path: string, { body, headers, signal }: UpstreamCall): Promise<UpstreamAnswer> => {
    const response = await send({
      method: 'POST',
      url: new URL(path, base),
      headers: {
        'anthropic-version': defaultVersion,
        ...headers,
        'content-type': 'application/json',
        'accept-encoding': 'identity',
        'x-api-key': apiKey,
      },
      body: Buffer.from(JSON.stringify(body)),
      signal,
      proxy,
    });
    return { status: response.statusCode ?? 502, headers: passed(response), body: response };
  };
  return {
    modelFor: (asked) => asked,
    messages: (call) => post('v1/messages', call),
    countTokens: (call) => post('v1/messages/count_tokens', call),
  };
}

const passed = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && passedHeader.test(name) ? [[name, value]] : [],
    ),
  );
