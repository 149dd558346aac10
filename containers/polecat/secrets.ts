/**
 * What this process knows and nobody may read: tokens, keys, credentials. Taken out of all text that leaves it, whatever
 * their shape; what else looks like a secret goes with them (`core/redact.ts`).
 */
import { mark, redact } from '../../core/redact.ts';

/** A shorter value also stands in innocent text. */
const charsMin = 12;
/** Of a secret that has only begun: fewer characters tell nothing. */
const prefixMin = 8;
const known = new Set<string>();

/** Those of the task before are nobody's any more. */
export const forgetSecrets = (): void => known.clear();

/** In plain text, as a URL writes it, in hex, and as base64 does, alone or within something longer. */
export function keepSecret(value: string | undefined): void {
  if (value === undefined || value.length < charsMin) return;
  const bytes = Buffer.from(value);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  for (const form of [value, base64, encodeURIComponent(value), bytes.toString('hex')]) known.add(form);
  for (const shift of [0, 1, 2]) {
    const form = within64(bytes, shift);
    for (const spelt of [form, form.replaceAll('+', '-').replaceAll('/', '_')]) known.add(spelt);
  }
}

/** What base64 makes of it behind so many bytes, whatever they are and whatever follows: without what it shares with them. */
function within64(bytes: Buffer, shift: number): string {
  const shared = [0, 2, 3][shift];
  const whole = Math.floor(((shift + bytes.byteLength) * 8) / 6);
  return Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .slice(shared, whole);
}

/** Of the environment: what these variables hold. */
export function keepSecretsOf(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): void {
  for (const name of names) keepSecret(environment[name]);
}

export function withoutSecrets(text: string): string {
  let rest = text;
  for (const value of known) rest = rest.replaceAll(value, mark);
  return redact(rest);
}

/** The text without a secret that has begun at its end: the next bytes would complete it. */
export function withoutBegunSecret(text: string): string {
  let length = text.length;
  for (const value of known) {
    for (let part = Math.min(value.length - 1, text.length); part >= prefixMin; part -= 1)
      if (text.endsWith(value.slice(0, part))) length = Math.min(length, text.length - part);
  }
  return text.slice(0, length);
}
