/**
 * The functions of JSONata as Step Functions has them: six of its own, none called `$eval`, and time and randomness from
 * the ports, so that a simulation replays.
 */
import { createHash } from 'node:crypto';
import type jsonata from 'jsonata';
import { sha256 } from '../../core/hash.ts';
import type { Clock, Ids, Json } from '../../core/ports.ts';

/** JSONata 2.0.6, without `eval`. */
const builtIn =
  'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match ' +
  'contains replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt ' +
  'power boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse each error assert ' +
  'type sort shuffle distinct base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl ' +
  'toMillis fromMillis clone now millis';
const ofStepFunctions = 'partition range hash random uuid parse';

export const functionNames: ReadonlySet<string> = new Set(`${builtIn} ${ofStepFunctions}`.split(' '));

const rangeItemsMax = 1000;
const hashAlgorithms: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

export interface Sources {
  readonly clock: Clock;
  readonly ids: Ids;
}

function partition(items: readonly Json[], size: number): Json[] {
  if (!Number.isInteger(size) || size < 1)
    throw new Error(`$partition: the size must be a whole number from 1, not ${size}`);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function range(first: number, last: number, step: number): number[] {
  if (step === 0) throw new Error('$range: the step must not be 0');
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > rangeItemsMax) throw new Error(`$range: ${length} items; at most ${rangeItemsMax}`);
  return Array.from({ length }, (_, i) => first + i * step);
}

function hash(text: string, algorithm: string): string {
  const known = hashAlgorithms[algorithm];
  if (!known)
    throw new Error(`$hash: unknown algorithm ${algorithm}; one of ${Object.keys(hashAlgorithms).join(', ')}`);
  return createHash(known).update(text).digest('hex');
}

/** The same number for the same seed, as AWS promises; which number, it does not say. */
const seeded = (seed: number): number => Number.parseInt(sha256(String(seed)).slice(0, 13), 16) / 2 ** 52;

/** Version 4, variant 1. */
export function uuid(ids: Ids): string {
  const hex = ids.secret();
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

function shuffle(ids: Ids, items: readonly Json[]): Json[] {
  const shuffled: Json[] = [];
  for (const item of items) {
    const place = Math.floor(ids.random() * (shuffled.length + 1));
    shuffled.splice(place, 0, item);
  }
  return shuffled;
}

/** The clock's time, through the built-in that formats milliseconds. */
function now(focus: jsonata.Focus, clock: Clock, picture?: string, timezone?: string): unknown {
  const { implementation } = focus.environment.lookup('fromMillis') as {
    implementation: (...args: unknown[]) => unknown;
  };
  return implementation.call(focus, clock.now(), picture, timezone);
}

export function register(expression: jsonata.Expression, { clock, ids }: Sources): void {
  expression.registerFunction('partition', partition, '<an:a>');
  expression.registerFunction('range', range, '<nnn:a>');
  expression.registerFunction('hash', hash, '<ss:s>');
  expression.registerFunction(
    'random',
    (seed?: number) => (seed === undefined ? ids.random() : seeded(seed)),
    '<n?:n>',
  );
  expression.registerFunction('uuid', () => uuid(ids), '<:s>');
  expression.registerFunction('parse', (text: string) => JSON.parse(text), '<s:x>');
  expression.registerFunction('millis', () => clock.now(), '<:n>');
  expression.registerFunction('shuffle', (items: Json[]) => shuffle(ids, items), '<a:a>');
  expression.registerFunction(
    'now',
    function (this: jsonata.Focus, picture?: string, timezone?: string) {
      return now(this, clock, picture, timezone);
    },
    '<s?s?:s>',
  );
}
