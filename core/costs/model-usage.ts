/** What a call of the Messages API cost, by the usage that its answer tells, and the most that it may cost before. */
import type { ModelRequest } from '../ports.ts';
import { utf8Bytes } from './item-units.ts';
import { priceOfModel } from './model-prices.ts';
import { hiddenTokens } from './model-request.ts';
import { roundedUsd } from './rounded.ts';

/** As the Messages API spells it; a field that is missing counts nothing. */
export interface Usage {
  readonly input_tokens?: number | null;
  readonly output_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
  readonly cache_creation?: {
    readonly ephemeral_5m_input_tokens?: number | null;
    readonly ephemeral_1h_input_tokens?: number | null;
  } | null;
}

const million = 1e6;
/** Of two usages of one call the later one counts, field by field: what it does not repeat stays. */
export const laterUsage = (before: Usage | undefined, after: Usage): Usage => ({
  ...before,
  ...Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null && value !== undefined)),
});

const count = (tokens: number | null | undefined): number => (typeof tokens === 'number' && tokens > 0 ? tokens : 0);

export function usdOf(model: string, usage: Usage): number {
  const written = count(usage.cache_creation_input_tokens);
  const hour = count(usage.cache_creation?.ephemeral_1h_input_tokens);
  const short = Math.max(written - hour, count(usage.cache_creation?.ephemeral_5m_input_tokens));
  const input = count(usage.input_tokens);
  const read = count(usage.cache_read_input_tokens);
  const rates = priceOfModel(model, input + read + short + hour);
  const micros =
    input * rates.input +
    read * rates.cacheRead +
    short * rates.cacheWrite +
    hour * rates.cacheWriteHour +
    count(usage.output_tokens) * rates.output;
  return roundedUsd(micros / million);
}

/** Of a request whose every byte is a token, and nothing of it cached. */
export function mostUsdOf(model: string, request: ModelRequest): number {
  const promptTokens = utf8Bytes(JSON.stringify(request)) + hiddenTokens;
  const rates = priceOfModel(model, promptTokens);
  return roundedUsd((promptTokens * rates.input + request.maxTokens * rates.output) / million);
}

/** The whole prompt written to the dearest cache, and every token of the answer that is allowed. */
export function atMostUsd(model: string, promptTokens: number, outputTokens: number): number {
  const rates = priceOfModel(model, promptTokens);
  return roundedUsd((promptTokens * rates.cacheWriteHour + outputTokens * rates.output) / million);
}
