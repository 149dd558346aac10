/**
 * What a model's tokens cost: the published prices of Claude, in dollars a million tokens, as of November 2026.
 * https://platform.claude.com/docs/en/about-claude/pricing and, for Bedrock, https://aws.amazon.com/bedrock/pricing/
 */

export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Kept for five minutes, and for an hour. */
  readonly cacheWrite: number;
  readonly cacheWriteHour: number;
}

interface Listed extends ModelPrice {
  /** A prompt of more tokens than this, cached ones included, is billed by other prices. */
  readonly long?: ModelPrice & { readonly above: number };
  /** On Bedrock a call that may not leave its region, or its part of the world, costs a tenth more. */
  readonly regional?: true;
}

/** Cache writes are priced as multiples of the input, everywhere. */
const price = (input: number, output: number, cacheRead = input / 10): ModelPrice => ({
  input,
  output,
  cacheRead,
  cacheWrite: input * 1.25,
  cacheWriteHour: input * 2,
});

const since45 = (listed: ModelPrice, long?: Listed['long']): Listed => ({
  ...listed,
  ...(long ? { long } : {}),
  regional: true,
});
const longSonnet = { above: 200_000, ...price(6, 22.5) };

/** By the model's name, without its date and without what a cloud writes around it. */
const listed: Readonly<Record<string, Listed>> = {
  'claude-fable-5-1': since45(price(10, 50, 0.25)),
  'claude-mythos-5-1': since45(price(10, 50, 0.25)),
  'claude-fable-5': since45(price(10, 50)),
  'claude-mythos-5': since45(price(10, 50)),
  'claude-opus-5-5': since45(price(4, 20, 0.2)),
  'claude-opus-5': since45(price(5, 25)),
  'claude-opus-4-8': since45(price(5, 25)),
  'claude-opus-4-7': since45(price(5, 25)),
  'claude-opus-4-6': since45(price(5, 25)),
  'claude-opus-4-5': since45(price(5, 25)),
  'claude-opus-4-1': price(15, 75),
  'claude-opus-4': price(15, 75),
  'claude-sonnet-5-5': since45(price(2, 10, 0.1)),
  'claude-sonnet-5': since45(price(2, 10)),
  'claude-sonnet-4-6': since45(price(3, 15)),
  'claude-sonnet-4-5': since45(price(3, 15), longSonnet),
  'claude-sonnet-4': { ...price(3, 15), long: longSonnet },
  'claude-3-7-sonnet': price(3, 15),
  'claude-3-5-sonnet': price(6, 30),
  'claude-haiku-5-5': since45(price(0.1, 0.5), { above: 100_000, ...price(0.5, 2.5) }),
  'claude-haiku-4-5': since45(price(1, 5)),
  'claude-3-5-haiku': price(0.8, 4),
  'claude-3-haiku': price(0.25, 1.25),
};

const regionalFactor = 1.1;

const scaled = (rates: ModelPrice, factor: number): ModelPrice => ({
  input: rates.input * factor,
  output: rates.output * factor,
  cacheRead: rates.cacheRead * factor,
  cacheWrite: rates.cacheWrite * factor,
  cacheWriteHour: rates.cacheWriteHour * factor,
});

/** The dearest of everything: what a model is taken for that the list does not know. */
const dearest: ModelPrice = scaled(
  Object.values(listed)
    .flatMap((one) => (one.long ? [one, one.long] : [one]))
    .reduce((a, b) => ({
      input: Math.max(a.input, b.input),
      output: Math.max(a.output, b.output),
      cacheRead: Math.max(a.cacheRead, b.cacheRead),
      cacheWrite: Math.max(a.cacheWrite, b.cacheWrite),
      cacheWriteHour: Math.max(a.cacheWriteHour, b.cacheWriteHour),
    })),
  regionalFactor,
);

/** `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, its ARN, `claude-sonnet-4-5@20250929`, `claude-sonnet-4-5[1m]`: one name. */
export const modelName = (id: string): string =>
  id
    .slice(id.lastIndexOf('/') + 1)
    .replace(/^(?:[a-z-]+\.)?anthropic\./, '')
    .replace(/\[[^\]]*\]$/, '')
    .replace(/(-v\d+)?(:\d+)*$/, '')
    .replace(/[-@](\d{8}|latest)$/, '');

/** A price is not listed for it: it is billed as the dearest. */
export const isListed = (model: string): boolean => Object.hasOwn(listed, modelName(model));

/** The prices of one call: they depend on how long its prompt is. */
export function priceOfModel(model: string, promptTokens = 0): ModelPrice {
  const found = isListed(model) ? listed[modelName(model)] : undefined;
  if (!found) return dearest;
  const rates = found.long && promptTokens > found.long.above ? found.long : found;
  const onBedrock = /(^|[./])anthropic\./.test(model);
  const global = /(^|\/)global\./.test(model);
  return found.regional && onBedrock && !global ? scaled(rates, regionalFactor) : rates;
}
