import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AnswerLost } from '../../core/errors.ts';
import type { Model } from '../../core/ports.ts';
import { modelOfEnvironment } from '../../local/model.ts';
import { request } from '../contract/model-request.ts';
import { MessagesApi } from './messages-api.ts';

test('a server that is no web address is refused before anything is asked of it', () => {
  const environment = { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'api.anthropic.com' };
  expect(() => modelOfEnvironment(environment)).toThrow(
    /^MODEL_URL_INVALID: .*"api\.anthropic\.com".* https:\/\/host\.$/,
  );
});

describe('the model’s use of the Messages API', () => {
  const api = new MessagesApi();
  let model: Model;
  beforeAll(async () => {
    model = await api.model();
  });
  beforeEach(() => {
    api.seen.length = 0;
  });
  afterAll(() => api.close());

  test('messages go as they are, tools with their schema, and the key in its header alone', async () => {
    api.willSay('end_turn');
    await model.complete(request);
    expect(api.seen).toMatchObject([{ url: '/v1/messages', headers: { 'x-api-key': 'k' } }]);
    expect(api.seen[0]?.headers['anthropic-version']).toBe('2023-06-01');
    expect(api.seen[0]?.body).toEqual({
      model: expect.stringMatching(/^claude-/),
      max_tokens: 1000,
      system: 'You are the Mayor.',
      messages: request.messages,
      tools: [{ name: 'plan', description: 'Hands the plan in', input_schema: { type: 'object' } }],
    });
  });

  test('what the model wants of a tool comes back with its input, without its thinking, and can be sent again', async () => {
    const use = { type: 'tool_use', id: 't2', name: 'plan', input: { n: 1.5 } };
    api.willSay('tool_use', [{ type: 'thinking', thinking: 'hm' }, { type: 'text', text: 'I will plan.' }, use]);
    const { content, ...rest } = await model.complete(request);
    expect(rest).toEqual({ stop: 'tool', inputTokens: 12, outputTokens: 3, costUsd: (12 * 3 + 3 * 15) / 1e6 });
    expect(content).toEqual([{ type: 'text', text: 'I will plan.' }, use]);
    await model.complete({ ...request, messages: [...request.messages, { role: 'assistant', content }] });
    expect(api.seen).toHaveLength(2);
  });

  test.each([
    ['end_turn', 'end'],
    ['stop_sequence', 'end'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'refusal'],
    // Paid for, and no reason to pay again: what it says is judged.
    ['pause_turn', 'end'],
    ['a reason of tomorrow', 'end'],
  ])('%s is told as %s', async (stopReason, stop) => {
    api.willSay(stopReason);
    expect(await model.complete(request)).toMatchObject({ stop });
  });

  test.each([
    ['throttling', 429, '{}'],
    ['an overloaded service', 529, '{}'],
    ['a fault of the service', 500, '{}'],
    ['an answer that is no JSON', 200, '<html>'],
    ['an answer that is no message', 200, '{"content":"?"}'],
  ])('%s is worth repeating', async (_, status, answer) => {
    api.answers({ status, body: answer });
    await expect(model.complete(request)).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test.each([400, 401, 403, 404])(
    'status %i is an error for the operator, who is told what was said',
    async (status) => {
      api.answers({ status, body: '{"error":{"message":"credit balance"}}' });
      await expect(model.complete(request)).rejects.toThrow(/answered \d+: .*credit balance/);
      await expect(model.complete(request)).rejects.not.toMatchObject({ name: 'Unavailable' });
    },
  );

  test('no answer costs more than it says beforehand, and it says no more than a token a byte', async () => {
    const bytes = Buffer.byteLength(JSON.stringify(request));
    const mostUsd = model.mostUsd(request);
    expect(mostUsd).toBeGreaterThanOrEqual((bytes * 3 + request.maxTokens * 15) / 1e6);
    expect(mostUsd).toBeLessThan(((bytes + 2000) * 3 + request.maxTokens * 15) / 1e6);
  });

  test.each([408, 502, 504, 524])('a gateway that says %i may have let the call through', async (status) => {
    api.answers({ status, body: '<html>' });
    await expect(model.complete(request)).rejects.toBeInstanceOf(AnswerLost);
  });

  test('a server that is not there is worth repeating, and has cost nothing', async () => {
    const nobody = modelOfEnvironment({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' });
    await expect(nobody?.complete(request)).rejects.toMatchObject({ name: 'Unavailable' });
    await expect(nobody?.complete(request)).rejects.not.toBeInstanceOf(AnswerLost);
  });

  test('a connection that breaks with the request on its way may have cost all of it', async () => {
    const breaking = createServer((socket) => void socket.once('data', () => socket.destroy()));
    await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(breaking.address() as AddressInfo).port}`;
    const broken = modelOfEnvironment({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: url });
    await expect(broken?.complete(request)).rejects.toBeInstanceOf(AnswerLost);
    breaking.close();
  });

  test('without a key there is no model', () => {
    expect(modelOfEnvironment({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' })).toBeUndefined();
  });
});
