/**
 * How keys become bytes. LevelDB sorts by bytes, so everything that must sort is written so that its bytes do:
 * strings as UTF-8 (DynamoDB's order), instants as the bits of a non-negative double. A NUL, which no key may hold,
 * separates the parts.
 */
import type { Instant, Key } from '../../core/ports.ts';

const separator = '\0';

export const itemBytes = ({ pk, sk }: Key): Buffer => Buffer.from(pk + separator + sk);

/** The smallest bytes that sort after everything that starts with `prefix`. */
function after(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  // UTF-8 has no byte 0xff, and the separator is 0: adding one never carries.
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
  return end;
}

/** The range of a partition's items whose sort keys start with `prefix`. */
export function partitionRange(pk: string, prefix: string): { readonly gte: Buffer; readonly lt: Buffer } {
  const start = Buffer.from(pk + separator + prefix);
  return { gte: start, lt: after(start) };
}

/** 16 hex digits that sort like the instant; it may be a fraction or infinite, but not negative. */
function instantDigits(at: Instant): string {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(at + 0);
  return bits.toString('hex');
}

const instantOf = (digits: string): Instant => Buffer.from(digits, 'hex').readDoubleBE();

/** An entry of an index by time: `<group><instant>` and the item's key. */
export const timedBytes = (group: string, at: Instant, key: Key): Buffer =>
  Buffer.from(group + separator + instantDigits(at) + separator + key.pk + separator + key.sk);

/** Every entry of `group` up to and including `by`. */
export function timedRange(group: string, by: Instant): { readonly gte: Buffer; readonly lt: Buffer } {
  const start = group + separator;
  return { gte: Buffer.from(start), lt: after(Buffer.from(start + instantDigits(by) + separator)) };
}

export function timedEntry(bytes: Uint8Array): { readonly at: Instant; readonly key: Key } {
  const [, digits = '', pk = '', sk = ''] = Buffer.from(bytes).toString().split(separator);
  return { at: instantOf(digits), key: { pk, sk } };
}
