import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { MessagesServer } from '../../../bin/demo/rehearsal/messages-server.ts';
import { messagesApi } from '../../../containers/polecat/model-proxy/messages-api.ts';
import { ModelProxy } from '../../../containers/polecat/model-proxy/proxy.ts';
import { usdOf } from '../../../core/costs/model-usage.ts';

const server = new MessagesServer();
const realKey = 'sk-ant-real-key-of-the-town';
const model = 'claude-sonnet-4-6';
let upstreamUrl = '';
let proxy: ModelProxy;
let changes = 0;
/** Whether the town writes down what it is told. */
let told = Promise.resolve(true);
const spent: string[] = [];

beforeAll(async () => {
  upstreamUrl = await server.listen();
});
afterAll(() => server.close());
afterEach(async () => {
  await proxy?.close();
  spent.length = 0;
  told = Promise.resolve(true);
});

async function open(budgetUsd: number, configured = true): Promise<void> {
  proxy = await ModelProxy.start({
    upstream: configured ? messagesApi({ baseUrl: upstreamUrl, apiKey: realKey }) : undefined,
    budgetUsd,
    tell: () => {
      changes += 1;
      return told;
    },
    onSpent: (detail) => spent.push(detail),
  });
}

const tool = { name: 'Bash', input_schema: { type: 'object' } };

function call(more: Readonly<Record<string, unknown>> = {}, init: RequestInit = {}, path = '/v1/messages') {
  const { ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: key = '' } = proxy.environment;
  return fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01', 'anthropic-beta': 'some-beta' },
    body: JSON.stringify({
      model,
      max_tokens: 1000,
      messages: [{ role: 'user', content: 'hello' }],
      tools: [tool],
      ...more,
    }),
    ...init,
  });
}

const stream = { stream: true };

const gate = () => {
  let open = (): void => {};
  const until = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, until };
};

describe('who may call, and what', () => {
  test('only the attempt’s own key is taken, and the real one never leaves the harness but to the upstream', async () => {
    await open(10);
    server.script({ text: 'hi' });
    expect((await call({}, { headers: { 'x-api-key': 'sk-ant-other' } })).status).toBe(401);
    expect((await call({}, { headers: {} })).status).toBe(401);
    expect(server.requests).toEqual([]);
    const { ANTHROPIC_API_KEY: key } = proxy.environment;
    const asBearer = await call({}, { headers: { authorization: `Bearer ${key}` } });
    expect(asBearer.status).toBe(200);
    expect((await call()).status).toBe(200);
    expect(server.requests.map(({ headers }) => headers['x-api-key'])).toEqual([realKey, realKey]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    expect(server.requests[1]?.headers).toMatchObject({ 'anthropic-beta': 'some-beta' });
    expect(JSON.stringify(proxy.environment)).not.toContain(realKey);
  });

  test('all but the two calls is not found, and answers in the API’s own format', async () => {
    await open(10);
    for (const path of ['/v1/models', '/v1/messages/batches', '/v1/files', '/']) {
      const response = await call({}, {}, path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
    }
  });

  test('a town without a model says so and how to change it', async () => {
    await open(10, false);
    const response = await call();
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('ANTHROPIC_API_KEY');
  });

  test.each([
    ['not JSON', 'x', 'not JSON'],
    ['no model', JSON.stringify({ max_tokens: 1 }), 'model'],
    ['no bound of the answer', JSON.stringify({ model, messages: [] }), 'max_tokens'],
    [
      'a tool that runs at the API',
      JSON.stringify({ model, max_tokens: 1, tools: [{ type: 'web_search_20250305' }] }),
      'web_search',
    ],
    [
      'a summary of the context, whose tokens no usage tells',
      JSON.stringify({ model, max_tokens: 1, context_management: { edits: [{ type: 'compact_20260112' }] } }),
      'compact_20260112',
    ],
    ['another speed', JSON.stringify({ model, max_tokens: 1, speed: 'fast' }), 'speed'],
  ])('what cannot be priced is refused before it is sent: %s', async (_, body, named) => {
    await open(10);
    server.script({ text: 'hi' });
    const response = await call({}, { body });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(named);
    expect(server.requests).toEqual([]);
    expect(spent).toEqual([]);
  });

  test('what was priced is sent, and not a text that another reader may take for something else', async () => {
    await open(10);
    server.script({ text: 'hi' });
    const body = JSON.stringify({ model, tools: [tool], messages: [] });
    await call({}, { body: body.replace('{', '{"max_tokens":64000,"max_tokens":1,') });
    expect(server.requests[0]?.text).toBe(JSON.stringify({ max_tokens: 1, model, tools: [tool], messages: [] }));
  });

  test('edits that only clear the context are passed on', async () => {
    await open(10);
    server.script({ text: 'hi' });
    const edits = [{ type: 'clear_thinking_20251015', keep: 'all' }, { type: 'clear_tool_uses_20250919' }];
    expect((await call({ context_management: { edits } })).status).toBe(200);
  });

  test('a request of more than 32 MB is refused, unread', async () => {
    await open(10);
    server.script({ text: 'hi' });
    const response = await call({ messages: [{ role: 'user', content: 'x'.repeat(33 * 1024 * 1024) }] });
    expect(response.status).toBe(413);
    expect(server.requests).toEqual([]);
  });

  test('counting tokens is passed on, and costs nothing', async () => {
    await open(0.0001);
    server.script();
    server.inputTokens = 4711;
    const { model: _, ...body } = { model, messages: [{ role: 'user', content: 'hello' }] };
    const response = await call({}, { body: JSON.stringify({ model, ...body }) }, '/v1/messages/count_tokens');
    expect(await response.json()).toEqual({ input_tokens: 4711 });
    expect(server.requests[0]?.body.max_tokens).toBeUndefined();
    expect(proxy.spentUsd).toBe(0);
  });
});

describe('what a call costs', () => {
  test('is the usage of its answer, streamed or whole, caches included', async () => {
    await open(10);
    const usage = {
      input_tokens: 123,
      output_tokens: 457,
      cache_read_input_tokens: 20_000,
      cache_creation_input_tokens: 3000,
      cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
    };
    server.script({ text: 'whole', usage });
    await (await call()).json();
    // Prompt 123 × $3, cache 20,000 × $0.30, 1,000 × $3.75 and 2,000 × $6, answer 457 × $15, each a million.
    const usd = (123 * 3 + 20_000 * 0.3 + 1000 * 3.75 + 2000 * 6 + 457 * 15) / 1e6;
    expect(proxy.spentUsd).toBeCloseTo(usd, 9);
    await (await call(stream)).text();
    expect(proxy.spentUsd).toBeCloseTo(2 * usd, 9);
    expect(proxy.heldUsd).toBe(0);
  });

  test('passes a stream on as it comes', async () => {
    await open(10);
    const { open: release, until } = gate();
    server.script({ text: 'slowly', until });
    const response = await call(stream);
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toContain('message_start');
    expect(proxy.heldUsd).toBeGreaterThan(0);
    release();
    let rest = first;
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
      rest += new TextDecoder().decode(part.value);
    expect(rest).toContain('slowly');
    expect(rest).toContain('message_stop');
  });

  test('a refusal of the upstream is passed on with its advice, and costs nothing', async () => {
    await open(10);
    const body = { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } };
    server.script({ error: { status: 429, body, headers: { 'retry-after': '7', 'set-cookie': 'x=1' } } });
    const response = await call(stream);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await response.json()).toEqual(body);
    server.script({ error: { status: 529, body: { type: 'error', error: { type: 'overloaded_error' } } } });
    expect((await call()).status).toBe(529);
    expect(proxy.spentUsd).toBe(0);
    expect(proxy.heldUsd).toBe(0);
  });

  test('an agent that goes away cancels the call, and pays for the prompt and what was written', async () => {
    await open(10);
    const { until } = gate();
    server.script({ text: 'never to its end', until, usage: { input_tokens: 50_000, output_tokens: 9 } });
    const gone = new AbortController();
    const response = await call(stream, { signal: gone.signal });
    await response.body?.getReader().read();
    gone.abort();
    while (proxy.heldUsd > 0 || server.abandoned === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(proxy.spentUsd).toBeGreaterThan(usdOf(model, { input_tokens: 50_000 }));
    expect(proxy.spentUsd).toBeLessThan(usdOf(model, { input_tokens: 50_000, output_tokens: 1000 }) + 1e-9);
    expect(server.billed).toEqual([]);
  });

  test('one that goes away from a whole answer pays for all that this may hold: it was being written', async () => {
    await open(10);
    const { until } = gate();
    server.script({ text: 'never', silentUntil: until });
    const gone = new AbortController();
    const asked = call({}, { signal: gone.signal }).catch(() => undefined);
    while (server.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const held = proxy.heldUsd;
    gone.abort();
    await asked;
    while (proxy.heldUsd > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(proxy.spentUsd).toBe(held);
    expect(held).toBeGreaterThan(usdOf(model, { output_tokens: 1000 }));
  });

  test('thinking is billed whole and shown in part: a stream that breaks off after it costs all it may have written', async () => {
    await open(10);
    server.script({ thinks: true, text: 'so', dropAfter: 3, usage: { input_tokens: 300, output_tokens: 9 } });
    await (await call(stream)).text();
    expect(proxy.spentUsd).toBe(usdOf(model, { input_tokens: 300, output_tokens: 1000 }));
  });

  test('a stream that ends before anything was written costs its prompt', async () => {
    await open(10);
    server.script({ text: 'nothing', dropAfter: 0 });
    expect(await (await call(stream)).text()).toContain('MODEL_BROKE_OFF');
    expect(proxy.spentUsd).toBeGreaterThan(0);
    expect(proxy.spentUsd).toBeLessThan(usdOf(model, { output_tokens: 1000 }));
  });

  test('a stream that breaks off is paid for as far as it came, and the agent hears of it', async () => {
    await open(10);
    server.script({ text: 'half of it', dropAfter: 3, usage: { input_tokens: 50_000, output_tokens: 9 } });
    const text = await (await call(stream)).text();
    expect(text).toContain('half of it');
    expect(text).toContain('MODEL_BROKE_OFF');
    expect(proxy.spentUsd).toBeGreaterThan(usdOf(model, { input_tokens: 50_000 }));
  });

  test('an upstream that nobody serves costs nothing, and may be tried again', async () => {
    await open(10);
    await proxy.close();
    proxy = await ModelProxy.start({
      upstream: messagesApi({ baseUrl: 'http://127.0.0.1:9', apiKey: realKey }),
      budgetUsd: 10,
      tell: async () => true,
      onSpent: (detail) => spent.push(detail),
    });
    const response = await call();
    expect(response.status).toBe(502);
    expect(response.headers.get('x-should-retry')).toBeNull();
    expect(proxy.spentUsd).toBe(0);
  });

  test('an answer that tells no usage costs the most that it might', async () => {
    await open(10);
    server.script({ text: 'silent', usage: {} });
    await (await call()).json();
    expect(proxy.spentUsd).toBeGreaterThan(usdOf(model, { output_tokens: 1000 }));
  });

  test('a model that is not in the list is billed as the dearest', async () => {
    await open(100);
    server.script({ text: 'new', usage: { input_tokens: 1_000_000, output_tokens: 0 } });
    await (await call({ model: 'claude-next-9' })).json();
    expect(proxy.spentUsd).toBeGreaterThanOrEqual(15);
  });
});

describe('the budget', () => {
  test('a call that might pass it is not sent: the answer names the budget, and the agent is to end', async () => {
    await open(0.01);
    server.script({ text: 'never' });
    const response = await call(stream);
    expect(response.status).toBe(402);
    const { error } = (await response.json()) as { error: { type: string; message: string } };
    expect(error.type).toBe('billing_error');
    expect(error.message).toMatch(
      /of \$0\.01 that were left .* spent \$0\.0000.*claude-sonnet-4-6.*raise the bead's budget/,
    );
    expect(server.calls).toEqual([]);
    expect(spent).toHaveLength(1);
  });

  test('0 is for agents that use no model: every call is refused', async () => {
    await open(0);
    const response = await call();
    expect(response.status).toBe(402);
    expect(await response.text()).toContain('budget.per_bead_usd');
  });

  test('where the bytes do not fit, the upstream counts the tokens', async () => {
    await open(0.05);
    server.script({ text: 'fits', usage: { input_tokens: 2000, output_tokens: 10 } });
    server.inputTokens = 2000;
    const long = { messages: [{ role: 'user', content: 'word '.repeat(4000) }] };
    expect((await call(long)).status).toBe(200);
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/messages/count_tokens', '/v1/messages']);
    server.inputTokens = 20_000;
    expect((await call(long)).status).toBe(402);
  });

  test('a count that cannot be had now ends nobody: the agent may ask again', async () => {
    await open(0.05);
    server.script({ text: 'fits', usage: { input_tokens: 2000, output_tokens: 10 } });
    server.countStatus = 529;
    const long = { messages: [{ role: 'user', content: 'word '.repeat(4000) }] };
    const response = await call(long);
    expect(response.status).toBe(503);
    expect(response.headers.get('x-should-retry')).toBeNull();
    expect(await response.text()).toContain('COUNT_UNAVAILABLE');
    expect(spent).toEqual([]);
    server.countStatus = 401;
    const denied = await call(long);
    expect([denied.status, await denied.text()]).toEqual([401, expect.stringContaining('MODEL_DENIED')]);
    expect(spent).toEqual([]);
    server.countStatus = 400;
    expect((await call(long)).status).toBe(402);
  });

  test('images count wherever they stand: within a document too', async () => {
    await open(0.05);
    server.script({ text: 'never' });
    server.countStatus = 400;
    const image = (type: string) => ({ type: 'image', source: { type, url: 'https://example.com/a.png' } });
    const inside = (type: string) => [
      { type: 'document', source: { type: 'content', content: [image(type), image(type)] } },
    ];
    for (const type of ['url', 'base64'])
      expect((await call({ messages: [{ role: 'user', content: inside(type) }] })).status).toBe(402);
    expect(new Set(server.requests.map(({ path }) => path))).toEqual(new Set(['/v1/messages/count_tokens']));
  });

  test('nothing is sent that the town did not write down: it would be spent twice if the harness were lost', async () => {
    await open(10);
    server.script({ text: 'never' });
    told = Promise.resolve(false);
    const response = await call(stream);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('CALL_UNRECORDED');
    expect(server.calls).toEqual([]);
    expect(proxy.spentUsd).toBe(0);
    expect(proxy.heldUsd).toBe(0);
    expect(spent).toEqual([]);
  });

  test('a call is sent when the town has answered, and not before', async () => {
    await open(10);
    server.script({ text: 'hi' });
    let answer = (_: boolean): void => {};
    told = new Promise((resolve) => {
      answer = resolve;
    });
    const asked = call(stream);
    while (proxy.heldUsd === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.calls).toEqual([]);
    answer(true);
    expect((await asked).status).toBe(200);
  });

  test('two calls at once cannot pass it together: the second waits for what the first leaves', async () => {
    // Each may cost $0.03 and costs $0.0045.
    await open(0.05);
    const { open: release, until } = gate();
    server.script({ text: 'one', until }, { text: 'two' });
    const [one, two] = [call({ ...stream, max_tokens: 1500 }), call({ ...stream, max_tokens: 1500 })];
    const first = await Promise.race([one, two]);
    expect(server.calls).toHaveLength(1);
    release();
    await first.text();
    const answers = await Promise.all([one, two]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await Promise.all(answers.filter((answer) => answer !== first).map((answer) => answer.text()));
    expect(server.calls).toHaveLength(2);
    expect(proxy.spentUsd).toBeCloseTo(2 * usdOf(model, { input_tokens: 1000, output_tokens: 100 }), 9);
  });

  test('and is refused if the first leaves too little', async () => {
    await open(0.05);
    const { open: release, until } = gate();
    server.script({ text: 'one', until, usage: { input_tokens: 300, output_tokens: 2400 } });
    const one = call({ ...stream, max_tokens: 2500 });
    const two = one.then(() => call({ ...stream, max_tokens: 1500 }));
    await one;
    release();
    expect(await (await one).text()).toContain('message_stop');
    expect((await two).status).toBe(402);
    expect(proxy.spentUsd).toBeLessThanOrEqual(0.05);
  });

  test('a hundred calls at once spend no cent more', async () => {
    await open(0.1);
    server.script({ text: 'one of many', usage: { input_tokens: 300, output_tokens: 400 } });
    const answers = await Promise.all(Array.from({ length: 100 }, () => call({ ...stream, max_tokens: 500 })));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    const passed = answers.filter(({ status }) => status === 200).length;
    expect(passed).toBe(server.billed.length);
    expect(texts.filter((text) => text.includes('BUDGET_SPENT'))).toHaveLength(100 - passed);
    expect(proxy.spentUsd).toBeLessThanOrEqual(0.1);
    expect(proxy.spentUsd).toBeCloseTo(passed * usdOf(model, { input_tokens: 300, output_tokens: 400 }), 9);
    expect(passed).toBeGreaterThan(5);
  });

  test('a prompt that turns out larger than its bytes is cut off in mid-stream, and what it cost is told', async () => {
    await open(0.1);
    const { open: release, until } = gate();
    server.script({ text: 'too dear', until, usage: { input_tokens: 60_000, output_tokens: 500 } });
    const response = await call(stream);
    const text = await response.text();
    release();
    expect(text).toContain('event: error');
    expect(text).toContain('BUDGET_SPENT');
    expect(text).not.toContain('too dear');
    expect(spent[0]).toContain('was cut off');
    const prompt = usdOf(model, { input_tokens: 60_000 });
    expect(proxy.spentUsd).toBeGreaterThan(prompt);
    expect(proxy.spentUsd).toBeLessThanOrEqual(
      usdOf(model, { input_tokens: 60_000, output_tokens: 'too dear'.length }),
    );
  });

  test('what calls under way may cost is known while they run, and nothing is held when all have ended', async () => {
    await open(10);
    const before = changes;
    const { until } = gate();
    server.script({ text: 'hangs', silentUntil: until });
    const hanging = call(stream).catch(() => undefined);
    while (proxy.heldUsd === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(changes).toBe(before + 1);
    const held = proxy.heldUsd;
    await proxy.close();
    await hanging;
    expect(proxy.heldUsd).toBe(0);
    expect(proxy.spentUsd).toBeLessThanOrEqual(held);
    expect(proxy.spentUsd).toBeGreaterThan(0);
  });
});
