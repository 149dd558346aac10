import { expect, test } from '@jest/globals';
import { isListed, modelName, priceOfModel } from '../../../core/costs/model-prices.ts';
import { readRequest } from '../../../core/costs/model-request.ts';
import { atMostUsd, laterUsage, usdOf } from '../../../core/costs/model-usage.ts';

test.each([
  'claude-sonnet-4-5',
  'claude-sonnet-4-5-20250929',
  'claude-sonnet-4-5@20250929',
  'claude-sonnet-4-5[1m]',
  'anthropic.claude-sonnet-4-5-20250929-v1:0',
  'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0',
])('%s is one model by any name', (id) => {
  expect(modelName(id)).toBe('claude-sonnet-4-5');
});

test.each([
  ['claude-opus-4-6', 5, 25, 0.5],
  ['claude-opus-4-20250514', 15, 75, 1.5],
  ['claude-sonnet-5-5', 2, 10, 0.1],
  ['claude-3-5-haiku-latest', 0.8, 4, 0.08],
  ['anthropic.claude-opus-4-6-v1', 5.5, 27.5, 0.55],
  ['global.anthropic.claude-opus-4-6-v1', 5, 25, 0.5],
  ['anthropic.claude-opus-4-20250514-v1:0', 15, 75, 1.5],
])('%s costs what its page says, a tenth more where it may not leave its region', (id, input, output, cacheRead) => {
  expect(isListed(id)).toBe(true);
  const price = priceOfModel(id);
  expect(price.input).toBeCloseTo(input, 9);
  expect(price.output).toBeCloseTo(output, 9);
  expect(price.cacheRead).toBeCloseTo(cacheRead, 9);
  expect(price.cacheWrite).toBeCloseTo(input * 1.25, 9);
  expect(price.cacheWriteHour).toBeCloseTo(input * 2, 9);
});

test('a model that nobody listed costs no less than any that is, however it is called', () => {
  for (const id of ['gpt-9', 'claude-next', 'constructor', '__proto__', '']) {
    expect(isListed(id)).toBe(false);
    for (const known of ['claude-opus-4', 'claude-fable-5', 'us.anthropic.claude-sonnet-4-5'])
      for (const kind of ['input', 'output', 'cacheRead', 'cacheWrite', 'cacheWriteHour'] as const)
        expect(priceOfModel(id)[kind]).toBeGreaterThanOrEqual(priceOfModel(known, 1e6)[kind]);
  }
});

test('a long prompt, cached or not, is billed by the prices of long prompts', () => {
  expect(usdOf('claude-haiku-5-5', { input_tokens: 100_000 })).toBeCloseTo(0.01, 9);
  expect(usdOf('claude-haiku-5-5', { input_tokens: 1, cache_read_input_tokens: 100_000 })).toBeCloseTo(0.0050005, 9);
});

test('of a stream’s two usages the later one counts, and what it leaves out stays', () => {
  const begun = { input_tokens: 100, cache_read_input_tokens: 5, output_tokens: 1 };
  const ended = laterUsage(begun, { output_tokens: 40, input_tokens: null });
  expect(ended).toEqual({ input_tokens: 100, cache_read_input_tokens: 5, output_tokens: 40 });
  expect(laterUsage(begun, { input_tokens: 120 })).toMatchObject({ input_tokens: 120 });
});

test('the most that a call may cost is never less than what it costs', () => {
  const prompt = 1000;
  for (const model of ['claude-haiku-5-5', 'claude-opus-4-1', 'unlisted'])
    for (const kind of ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'])
      expect(atMostUsd(model, prompt, 50)).toBeGreaterThanOrEqual(usdOf(model, { [kind]: prompt, output_tokens: 50 }));
  const hour = { cache_creation_input_tokens: prompt, cache_creation: { ephemeral_1h_input_tokens: prompt } };
  expect(atMostUsd('claude-opus-4-6', prompt, 0)).toBe(usdOf('claude-opus-4-6', hour));
});

test('a prompt has no more tokens than bytes, and pictures and documents count beside them', () => {
  const tokens = (content: unknown): number => {
    const text = JSON.stringify({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content }] });
    const read = readRequest(text);
    if (!read.ok) throw new Error(read.fault);
    return read.request.promptTokensMax - Buffer.byteLength(text);
  };
  const source = { type: 'base64', data: 'AAAA' };
  const plain = tokens('hallå');
  expect(plain).toBeGreaterThan(0);
  expect(tokens([{ type: 'image', source }])).toBe(plain + 5000);
  expect(tokens([{ type: 'tool_result', content: [{ type: 'image', source }] }])).toBe(plain + 5000);
  expect(tokens([{ type: 'document', source }])).toBe(Number.POSITIVE_INFINITY);
  expect(tokens([{ type: 'image', source: { type: 'url', url: 'https://example.com/x.png' } }])).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(tokens([{ type: 'document', source: { type: 'text', data: 'hello' } }])).toBe(plain);
});
