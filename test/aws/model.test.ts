import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeModel } from '../../aws/model.ts';
import { AnswerLost } from '../../core/errors.ts';
import type { Model } from '../../core/ports.ts';
import { request } from '../contract/model-request.ts';
import { type FakeService, fakeService, jsonOf, ok } from './fake-service.ts';

const reply = (stopReason: string, content: readonly object[] = [{ text: 'Done.' }]) =>
  ok({
    output: { message: { role: 'assistant', content } },
    stopReason,
    usage: { inputTokens: 12, outputTokens: 3, totalTokens: 15 },
    metrics: { latencyMs: 5 },
  });

describe('the model’s use of Bedrock', () => {
  let service: FakeService;
  let client: BedrockRuntimeClient;
  let model: Model;
  beforeAll(async () => {
    service = await fakeService('http2');
    client = new BedrockRuntimeClient(service.settings);
    model = makeModel(client, { modelId: 'anthropic.claude' });
  });
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  test('messages and tools go as Converse spells them', async () => {
    service.willAnswer(reply('end_turn'));
    await model.complete(request);
    expect(service.seen[0]?.path).toBe('/model/anthropic.claude/converse');
    expect(jsonOf(service.seen[0])).toEqual({
      system: [{ text: 'You are the Mayor.' }],
      messages: [
        { role: 'user', content: [{ text: 'Plan it.' }] },
        { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'plan', input: { beads: [1, null] } } }] },
        {
          role: 'user',
          content: [{ toolResult: { toolUseId: 't1', content: [{ text: 'a cycle' }], status: 'error' } }],
        },
      ],
      inferenceConfig: { maxTokens: 1000 },
      toolConfig: {
        tools: [
          { toolSpec: { name: 'plan', description: 'Hands the plan in', inputSchema: { json: { type: 'object' } } } },
        ],
      },
    });
  });

  test('what the model wants of a tool comes back with its input, and can be sent again as it is', async () => {
    service.willAnswer(
      reply('tool_use', [{ text: 'I will plan.' }, { toolUse: { toolUseId: 't2', name: 'plan', input: { n: 1.5 } } }]),
    );
    const { content, ...rest } = await model.complete(request);
    expect(rest).toEqual({ stop: 'tool', inputTokens: 12, outputTokens: 3, costUsd: expect.any(Number) });
    expect(content).toEqual([
      { type: 'text', text: 'I will plan.' },
      { type: 'tool_use', id: 't2', name: 'plan', input: { n: 1.5 } },
    ]);
    await model.complete({ ...request, messages: [...request.messages, { role: 'assistant', content }] });
    expect(service.seen).toHaveLength(2);
  });

  test.each([
    ['end_turn', 'end'],
    ['stop_sequence', 'end'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['guardrail_intervened', 'refusal'],
    ['content_filtered', 'refusal'],
    // Paid for, and no reason to pay again: what it says is judged.
    ['malformed_tool_use', 'end'],
    ['malformed_model_output', 'end'],
    ['a reason of tomorrow', 'end'],
  ])('%s is told as %s', async (stopReason, stop) => {
    service.willAnswer(reply(stopReason));
    expect(await model.complete(request)).toMatchObject({ stop });
  });

  const restFault = (type: string, status: number) => ({
    status,
    body: { message: `${type} happened` },
    headers: { 'x-amzn-errortype': type, 'content-type': 'application/json' },
  });

  test.each([
    ['throttling', restFault('ThrottlingException', 429)],
    ['a model that is loading', restFault('ModelNotReadyException', 429)],
    ['a model that took too long', restFault('ModelTimeoutException', 408)],
    ['a service without room', restFault('ServiceUnavailableException', 503)],
  ])('%s is worth repeating', async (_, answer) => {
    service.willAnswer(answer);
    await expect(model.complete(request)).rejects.toMatchObject({ name: 'Unavailable' });
  });

  test.each([
    ['whose body breaks off', { ...ok({}), body: '{"output":{"mess' }],
    ['without its usage', ok({ output: { message: { role: 'assistant', content: [] } }, stopReason: 'end_turn' })],
  ])('an answer %s was most likely billed', async (_, answer) => {
    service.willAnswer(answer);
    await expect(model.complete(request)).rejects.toBeInstanceOf(AnswerLost);
  });

  test('a model without access is an error for the operator', async () => {
    service.willAnswer(restFault('AccessDeniedException', 403));
    await expect(model.complete(request)).rejects.toMatchObject({
      name: 'ModelDenied',
      message: expect.stringContaining('AccessDeniedException'),
    });
  });

  test('content that is none of the known blocks is not sent', async () => {
    service.willAnswer(reply('end_turn'));
    const content = [{ type: 'image', source: 'x' }];
    await expect(model.complete({ ...request, messages: [{ role: 'user', content }] })).rejects.toThrow();
    expect(service.seen).toHaveLength(0);
  });
});
