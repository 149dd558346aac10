/** Bedrock, speaking the Messages API: its requests signed by the task's role, its frames turned back into events. */
import type { IncomingMessage } from 'node:http';
import type { Signer } from '../../../aws/sign.ts';
import { modelName } from '../../../core/costs/model-prices.ts';
import { send } from '../../../local/send.ts';
import { errorBody } from './answers.ts';
import { frames } from './event-stream.ts';
import type { Upstream, UpstreamAnswer, UpstreamCall } from './upstream.ts';

export interface BedrockOptions {
  readonly endpoint: string;
  readonly signer: Signer;
  /** Ids of models or inference profiles that the role may invoke; the first is for whatever none of them fits. */
  readonly models: readonly [string, ...string[]];
}

const anthropicVersion = 'bedrock-2023-05-31';
/** Said in the address and the headers there, not in the body. */
const notForBedrock = new Set(['model', 'stream']);

export function bedrock({ endpoint, signer, models }: BedrockOptions): Upstream {
  const post = async (path: string, body: Buffer, signal: AbortSignal): Promise<IncomingMessage> => {
    const url = new URL(path, endpoint);
    const plain = { 'content-type': 'application/json' };
    const signed = await signer.sign({ method: 'POST', url, headers: plain, body });
    return send({ method: 'POST', url, headers: { ...plain, ...signed }, body, signal });
  };
  return {
    modelFor: (asked) => modelAmong(models, asked),
    async messages(call) {
      const verb = call.stream ? 'invoke-with-response-stream' : 'invoke';
      const path = `/model/${encodeURIComponent(call.model)}/${verb}`;
      const response = await post(path, Buffer.from(JSON.stringify(bodyOf(call))), call.signal);
      if (response.statusCode !== 200) return refusalOf(response);
      if (!call.stream) return { status: 200, headers: { 'content-type': 'application/json' }, body: response };
      return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, body: events(response) };
    },
    async countTokens(call) {
      const body = { ...bodyOf(call), max_tokens: 1 };
      const input = { input: { invokeModel: { body: Buffer.from(JSON.stringify(body)).toString('base64') } } };
      // The count is of the model, not of a profile that spreads its calls.
      const id = call.model.replace(/^[a-z-]+\.(?=anthropic\.)/, '');
      const response = await post(
        `/model/${encodeURIComponent(id)}/count-tokens`,
        Buffer.from(JSON.stringify(input)),
        call.signal,
      );
      if (response.statusCode !== 200) return refusalOf(response);
      const { inputTokens } = JSON.parse(await textOf(response)) as { inputTokens?: number };
      const headers = { 'content-type': 'application/json' };
      return { status: 200, headers, body: only(JSON.stringify({ input_tokens: inputTokens })) };
    },
  };
}

/** The very id, or the same model by its name, or one of the same kind (`claude-haiku-…`), or the first. */
export function modelAmong(models: readonly [string, ...string[]], asked: string): string {
  const kindOf = (id: string): string | undefined => /opus|sonnet|haiku|fable|mythos/.exec(modelName(id))?.[0];
  const kind = kindOf(asked);
  return (
    models.find((id) => id === asked) ??
    models.find((id) => modelName(id) === modelName(asked)) ??
    (kind === undefined ? undefined : models.find((id) => kindOf(id) === kind)) ??
    models[0]
  );
}

/** Betas that Bedrock knows; any other makes it refuse the request. */
const knownBeta =
  /^(computer-use|token-efficient-tools|interleaved-thinking|output-128k|dev-full-thinking|context-1m|context-management|effort|tool-search-tool|tool-examples)-/;

function bodyOf({ body, headers }: UpstreamCall): Record<string, unknown> {
  const betas = (headers['anthropic-beta'] ?? '')
    .split(',')
    .flatMap((beta) => beta.trim() || [])
    .filter((beta) => knownBeta.test(beta));
  return {
    ...Object.fromEntries(Object.entries(body).filter(([name]) => !notForBedrock.has(name))),
    anthropic_version: anthropicVersion,
    ...(betas.length === 0 ? {} : { anthropic_beta: betas }),
  };
}

async function* events(response: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const { headers, payload } of frames(response)) {
    const text = payload.toString('utf8');
    if (headers[':message-type'] !== 'event') {
      const kind = headers[':exception-type'] ?? headers[':error-code'] ?? 'error';
      yield Buffer.from(`event: error\ndata: ${errorBody(statusOf(kind), `${kind}: ${text.slice(0, 500)}`)}\n\n`);
      return;
    }
    const { bytes } = JSON.parse(text) as { bytes?: string };
    if (bytes === undefined) continue;
    const data = Buffer.from(bytes, 'base64').toString('utf8');
    const { type } = JSON.parse(data) as { type?: string };
    yield Buffer.from(`event: ${type ?? 'message'}\ndata: ${data}\n\n`);
  }
}

/** As the Messages API numbers what Bedrock names. */
const statuses: Readonly<Record<string, number>> = {
  throttlingException: 429,
  serviceQuotaExceededException: 429,
  modelNotReadyException: 529,
  serviceUnavailableException: 529,
  modelTimeoutException: 529,
  modelStreamErrorException: 529,
  validationException: 400,
  accessDeniedException: 403,
  resourceNotFoundException: 404,
};

const statusOf = (kind: string): number => statuses[kind.charAt(0).toLowerCase() + kind.slice(1)] ?? 500;

async function refusalOf(response: IncomingMessage): Promise<UpstreamAnswer> {
  const text = await textOf(response);
  const kind = String(response.headers['x-amzn-errortype'] ?? '').split(/[:#]/)[0] ?? '';
  const status = kind === '' ? (response.statusCode ?? 500) : statusOf(kind);
  const after = response.headers['retry-after'];
  return {
    status,
    headers: { 'content-type': 'application/json', ...(after === undefined ? {} : { 'retry-after': after }) },
    body: only(errorBody(status, `${kind || 'Bedrock'}: ${messageOf(text)}`)),
  };
}

function messageOf(text: string): string {
  try {
    const { message, Message } = JSON.parse(text) as { message?: string; Message?: string };
    return (message ?? Message ?? text).slice(0, 500);
  } catch {
    return text.slice(0, 500);
  }
}

async function* only(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
