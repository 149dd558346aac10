import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { BedrockRuntimeClient, InvokeModelWithResponseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { sigV4 } from '../../../aws/sign.ts';
import { eventsOf } from '../../../bin/demo/rehearsal/messages-server.ts';
import { bedrock, modelAmong } from '../../../containers/polecat/model-proxy/bedrock.ts';
import { frames } from '../../../containers/polecat/model-proxy/event-stream.ts';
import { ModelProxy } from '../../../containers/polecat/model-proxy/proxy.ts';
import { usdOf } from '../../../core/costs/model-usage.ts';

const sonnet = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const haiku = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const credentials = { accessKeyId: 'AKIAEXAMPLEEXAMPLE00', secretAccessKey: 'secret' };
const usage = { input_tokens: 1200, output_tokens: 80 };

interface Seen {
  readonly url: string;
  readonly authorization: string;
  readonly body: Record<string, unknown>;
}
const seen: Seen[] = [];
let answer: (response: ServerResponse, body: Record<string, unknown>) => void = () => {};
const server = createServer((request, response) => void serve(request, response));
let endpoint = '';
let proxy: ModelProxy;

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>;
  seen.push({ url: request.url ?? '', authorization: request.headers.authorization ?? '', body });
  answer(response, body);
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signer = sigV4({
    region: 'us-east-1',
    service: 'bedrock',
    credentials: () => Promise.resolve(credentials),
    now: () => new Date(),
  });
  proxy = await ModelProxy.start({
    upstream: bedrock({ endpoint, signer, models: [sonnet, haiku] }),
    budgetUsd: 10,
    tell: async () => true,
    onSpent: () => {},
  });
});
afterAll(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen.length = 0;
});

/** As Bedrock frames it: lengths, headers of strings, payload, checksums. */
function frame(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const text = (value: string, length: 1 | 2): Buffer => {
    const bytes = Buffer.from(value);
    const size = Buffer.alloc(length);
    size.writeUIntBE(bytes.byteLength, 0, length);
    return Buffer.concat([size, bytes]);
  };
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => Buffer.concat([text(name, 1), Buffer.from([7]), text(value, 2)])),
  );
  const body = Buffer.from(payload);
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const lengths = Buffer.concat([word(16 + head.byteLength + body.byteLength), word(head.byteLength)]);
  const open = Buffer.concat([lengths, word(crc32(lengths)), head, body]);
  return Buffer.concat([open, word(crc32(open))]);
}

const chunk = (event: object): Buffer =>
  frame(
    { ':message-type': 'event', ':event-type': 'chunk', ':content-type': 'application/json' },
    JSON.stringify({ bytes: Buffer.from(JSON.stringify(event)).toString('base64') }),
  );
const asStream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
const events = eventsOf('claude-sonnet-4-5', { text: 'from Bedrock, with ünicode' }, usage);

const call = (more: Readonly<Record<string, unknown>> = {}, path = '/v1/messages') => {
  const { ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: key = '' } = proxy.environment;
  return fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'anthropic-beta': 'interleaved-thinking-2025-05-14,claude-code-20250219' },
    body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 500, messages: [], stream: true, ...more }),
  });
};

test('Bedrock’s frames become the events of the Messages API, each of them, and are billed as that model there', async () => {
  // Cut anywhere: a frame does not arrive in one piece.
  answer = (response) => {
    const bytes = Buffer.concat(events.map(chunk));
    asStream(response);
    for (let at = 0; at < bytes.byteLength; at += 100) response.write(bytes.subarray(at, at + 100));
    response.end();
  };
  const before = proxy.spentUsd;
  const text = await (await call()).text();
  const passed = text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []));
  expect(passed).toEqual(events);
  expect(text.match(/^event: .*$/gm)).toEqual(events.map(({ type }) => `event: ${type}`));
  expect(proxy.spentUsd - before).toBeCloseTo(usdOf(sonnet, usage), 9);
  expect(usdOf(sonnet, usage)).toBeCloseTo(1.1 * usdOf('claude-sonnet-4-5', usage), 9);
});

test('the same frames are what the SDK reads, and its request goes to the same address, signed for the same service', async () => {
  answer = (response) => asStream(response).end(Buffer.concat(events.map(chunk)));
  // The SDK speaks HTTP/2 to Bedrock's runtime.
  const second = createHttp2Server((request, response) => {
    seen.push({ url: request.url, authorization: request.headers.authorization ?? '', body: {} });
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    response.end(Buffer.concat(events.map(chunk)));
  });
  await new Promise<void>((resolve) => second.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(second.address() as AddressInfo).port}`;
  const client = new BedrockRuntimeClient({ region: 'us-east-1', endpoint: at, credentials });
  const { body } = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: sonnet, body: '{}' }));
  const read: unknown[] = [];
  for await (const part of body ?? [])
    if (part.chunk?.bytes) read.push(JSON.parse(Buffer.from(part.chunk.bytes).toString('utf8')));
  expect(read).toEqual(events);
  client.destroy();
  second.close();
  await (await call()).text();
  expect(seen.map(({ url }) => url)).toEqual([seen[0]?.url, seen[0]?.url]);
  const scopes = seen.map(({ authorization }) => /Credential=([^,]+)/.exec(authorization)?.[1]);
  expect(scopes[0]).toMatch(/\/us-east-1\/bedrock\/aws4_request$/);
  expect(scopes[1]).toBe(scopes[0]);
});

test('a request is Bedrock’s: the model in its address, its version in the body, the betas that it knows', async () => {
  answer = (response) => asStream(response).end(Buffer.concat(events.map(chunk)));
  await (await call({ model: 'claude-haiku-4-5-20251001' })).text();
  expect(seen[0]?.url).toBe(`/model/${encodeURIComponent(haiku)}/invoke-with-response-stream`);
  expect(seen[0]?.body).toEqual({
    anthropic_version: 'bedrock-2023-05-31',
    anthropic_beta: ['interleaved-thinking-2025-05-14'],
    max_tokens: 500,
    messages: [],
  });
});

test('an answer that is not streamed is passed whole, and billed', async () => {
  answer = (response) => response.end(JSON.stringify({ content: [], usage }));
  const before = proxy.spentUsd;
  expect(await (await call({ stream: false })).json()).toEqual({ content: [], usage });
  expect(seen[0]?.url).toMatch(/\/invoke$/);
  expect(proxy.spentUsd - before).toBeCloseTo(usdOf(sonnet, usage), 9);
});

test('its refusals are said as the Messages API would, so that the agent knows whether to ask again', async () => {
  const refusals = [
    ['ThrottlingException', 429, 429, 'rate_limit_error'],
    ['ModelNotReadyException', 429, 529, 'overloaded_error'],
    ['ValidationException:http://internal', 400, 400, 'invalid_request_error'],
    ['AccessDeniedException', 403, 403, 'permission_error'],
  ] as const;
  const before = proxy.spentUsd;
  for (const [kind, status, expected, type] of refusals) {
    answer = (response) =>
      response.writeHead(status, { 'x-amzn-errortype': kind, 'retry-after': '3' }).end('{"message":"not now"}');
    const response = await call();
    expect(response.status).toBe(expected);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await response.json()).toMatchObject({ error: { type, message: expect.stringContaining('not now') } });
  }
  expect(proxy.spentUsd).toBe(before);
});

test('an exception in mid-stream is the stream’s error event', async () => {
  answer = (response) => {
    const exception = { ':message-type': 'exception', ':exception-type': 'throttlingException' };
    asStream(response).end(Buffer.concat([...events.slice(0, 3).map(chunk), frame(exception, '{"message":"busy"}')]));
  };
  const text = await (await call()).text();
  expect(text).toContain('event: message_start');
  expect(text).toMatch(/event: error\ndata: .*rate_limit_error.*busy/);
});

test('counts by Bedrock’s own counter, of the model itself', async () => {
  answer = (response) => response.end('{"inputTokens":77}');
  const response = await call({ stream: undefined, max_tokens: undefined }, '/v1/messages/count_tokens');
  expect(await response.json()).toEqual({ input_tokens: 77 });
  expect(seen[0]?.url).toBe(`/model/${encodeURIComponent(sonnet.replace('us.', ''))}/count-tokens`);
});

test('a model is found by its id, its name, its kind, or is the first', () => {
  const models = [sonnet, haiku, 'anthropic.claude-opus-4-6-v1'] as const;
  expect(modelAmong(models, haiku)).toBe(haiku);
  expect(modelAmong(models, 'claude-haiku-4-5')).toBe(haiku);
  expect(modelAmong(models, 'claude-opus-5-5')).toBe('anthropic.claude-opus-4-6-v1');
  expect(modelAmong(models, 'something-else')).toBe(sonnet);
});

test.each([
  ['cut within', (whole: Buffer) => whole.subarray(0, -3), /ended within/],
  [
    'changed on the way',
    (whole: Buffer) => Buffer.concat([whole.subarray(0, -5), Buffer.from([1]), whole.subarray(-4)]),
    /checksum/,
  ],
  ['no frame at all', () => Buffer.from('<html>this is not a stream of frames</html>'), /frame of/],
])('a frame %s is an error and no end', async (_, spoil, said) => {
  const bytes = spoil(chunk({ type: 'ping' }));
  const read = async (): Promise<void> => {
    for await (const _frame of frames(
      (async function* () {
        yield bytes;
      })(),
    ));
  };
  await expect(read()).rejects.toThrow(said);
});
