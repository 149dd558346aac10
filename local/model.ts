/** The model by Anthropic's Messages API, for a laptop with a key. Messages already have that API's own shape. */

import * as z from 'zod';
import { mostUsdOf, usdOf } from '../core/costs/model-usage.ts';
import { AnswerLost, ModelDenied, TownError, Unavailable } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Json, Model, ModelReply } from '../core/ports.ts';
import { proxyFor } from './proxy-for.ts';
import { send } from './send.ts';

interface ModelConfig {
  readonly apiKey: string;
  readonly url: URL;
  readonly modelId: string;
  readonly proxy: URL | undefined;
}

const messagesVersion = '2023-06-01';
const defaultModelId = 'claude-sonnet-4-5';

/**
 * Of the environment: `ANTHROPIC_API_KEY`, and if set `ANTHROPIC_BASE_URL`, `ANTHROPIC_MODEL` and what `proxyFor` reads. No key,
 * no model. Throws MODEL_URL_INVALID or PROXY_INVALID.
 */
export function modelOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Model | undefined {
  const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_MODEL: modelId } = environment;
  if (!apiKey) return undefined;
  const server = (baseUrl || 'https://api.anthropic.com').replace(/\/+$/, '');
  if (!/^https?:/.test(server) || !URL.canParse(server)) {
    const what = `ANTHROPIC_BASE_URL is "${server}", which is no web address.`;
    throw new TownError(400, { code: 'MODEL_URL_INVALID', what, remedy: 'Write it as https://host.' });
  }
  const url = new URL(`${server}/v1/messages`);
  return makeModel({ apiKey, url, modelId: modelId || defaultModelId, proxy: proxyFor(url, environment) });
}

/** An answer that came to an end by any other reason is an answer all the same, and was paid for: asked again it may be so for ever. */
const stops: Readonly<Record<string, ModelReply['stop']>> = {
  end_turn: 'end',
  stop_sequence: 'end',
  tool_use: 'tool',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refusal',
};

const answerSchema = z.object({
  content: z.array(z.looseObject({ type: z.string() })),
  stop_reason: z.string(),
  usage: z.object({
    input_tokens: z.number(),
    output_tokens: z.number(),
    // Of caches that a gateway may add.
    cache_read_input_tokens: z.number().nullable().default(null),
    cache_creation_input_tokens: z.number().nullable().default(null),
  }),
});

/** Throws `Unavailable` for what may go better the next time; an answer that never will is an error for the operator. */
const makeModel = (config: ModelConfig): Model => ({
  mostUsd: (request) => mostUsdOf(config.modelId, request),

  async complete({ system, messages, tools, maxTokens }) {
    const { modelId } = config;
    const what = `${modelId} at ${config.url.origin}`;
    const body = {
      model: modelId,
      max_tokens: maxTokens,
      ...(system === '' ? {} : { system }),
      messages,
      ...(tools.length === 0
        ? {}
        : { tools: tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema })) }),
    };
    const { status, type, text } = await post(what, config, JSON.stringify(body));
    if (brokeOff.has(status)) throw new AnswerLost(`${what} answered ${status}`);
    if (status === 409 || status === 429 || status >= 500) throw new Unavailable(`${what} answered ${status}`);
    if (status !== 200) throw new ModelDenied(`${what} answered ${status}: ${text.slice(0, 500)}`);
    const answer = answerSchema.safeParse(jsonOf(text));
    if (!answer.success) throw new AnswerLost(`${what}: an answer that cannot be read (${type})`);
    const { content, usage, stop_reason: reason } = answer.data;
    return {
      content: content.filter(({ type }) => type === 'text' || type === 'tool_use') as Json,
      stop: stops[reason] ?? 'end',
      inputTokens: usage.input_tokens,
      outputTokens: usage.output_tokens,
      costUsd: usdOf(modelId, usage),
    };
  },
});

/** A gateway's word for an answer that did not come in time, or broke off: the call itself may have been carried out. */
const brokeOff: ReadonlySet<number> = new Set([408, 502, 504, 520, 522, 524]);

/** Nobody was reached. Any other connection may have broken with the answer on its way. */
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

async function post(
  what: string,
  { url, apiKey, proxy }: ModelConfig,
  body: string,
): Promise<{ status: number; type: string; text: string }> {
  const signal = AbortSignal.timeout(limits.modelTimeoutMs);
  try {
    const response = await send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey, 'anthropic-version': messagesVersion },
      body: Buffer.from(body),
      signal,
      proxy,
    });
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const type = response.headers['content-type'] ?? 'of no type';
    return { status: response.statusCode ?? 502, type, text: Buffer.concat(parts).toString('utf8') };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new (neverSent.has(code) ? Unavailable : AnswerLost)(`${what}: ${message}`, { cause: error });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
