/** What DynamoDB would never take is refused here too, and before anything else happens. */
import { LedgerRefused } from './errors.ts';
import { limits } from './limits.ts';
import type { Change, Commit, Expectation, Instant, Key } from './ports.ts';

const show = ({ pk, sk }: Key): string => `${String(pk).slice(0, 80)} ${String(sk).slice(0, 80)}`;

function checkKeyPart(name: 'pk' | 'sk', value: unknown, bytesMax: number): void {
  if (typeof value !== 'string' || value === '')
    throw new LedgerRefused('BAD_KEY', `${name} is not a non-empty string`);
  if (value.includes('\0')) throw new LedgerRefused('BAD_KEY', `${name} holds a NUL character`);
  // A lone surrogate has no UTF-8 form: two different keys would become one.
  if (/\p{Surrogate}/u.test(value)) throw new LedgerRefused('BAD_KEY', `${name} holds half of a surrogate pair`);
  const bytes = Buffer.byteLength(value);
  if (bytes > bytesMax) throw new LedgerRefused('BAD_KEY', `${name} has ${bytes} bytes, at most ${bytesMax} fit`);
}

export const checkPartitionKey = (pk: unknown): void => checkKeyPart('pk', pk, limits.partitionKeyBytesMax);

export function checkKey({ pk, sk }: Key): void {
  checkPartitionKey(pk);
  checkKeyPart('sk', sk, limits.sortKeyBytesMax);
}

/** DynamoDB's numbers: up to ±9.99e125, no closer to 0 than 1e-130. */
const isNumber = (n: number): boolean => n === 0 || (Math.abs(n) < 1e126 && Math.abs(n) >= 1e-130);

function checkJson(value: unknown, path: string, depthLeft: number): void {
  const bad = (what: string) => new LedgerRefused('BAD_VALUE', `${path} is ${what}`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (!isNumber(value)) throw bad(`${value}, which no ledger can keep`);
    return;
  }
  if (typeof value !== 'object') throw bad(`${typeof value}, which is not JSON`);
  if (depthLeft === 0) throw bad(`nested deeper than ${limits.bodyDepthMax} levels`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) checkJson(value[i], `${path}[${i}]`, depthLeft - 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm (a test runner's) have another Object.prototype, which alone has no prototype itself.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw bad(`a ${value.constructor.name}, which is not plain JSON`);
  }
  for (const [name, part] of Object.entries(value)) checkJson(part, `${path}.${name}`, depthLeft - 1);
}

function checkInstant(name: string, at: Instant | undefined): void {
  if (at !== undefined && !(Number.isFinite(at) && at >= 0)) {
    throw new LedgerRefused('BAD_VALUE', `${name} is ${at}, not milliseconds since 1970`);
  }
}

function checkExpectation(key: Key, expect: Expectation): void {
  if ('version' in expect && !(Number.isSafeInteger(expect.version) && expect.version >= 0)) {
    throw new LedgerRefused(
      'BAD_VALUE',
      `${show(key)}: expected version ${expect.version} is not a whole number from 0`,
    );
  }
  if ('body' in expect) checkJson(expect.body, `${show(key)}: expected body`, limits.bodyDepthMax);
}

export const keyOfChange = (change: Change): Key =>
  'put' in change ? change.put : 'delete' in change ? change.delete : change.check;

function checkChange(change: Change): void {
  const key = keyOfChange(change);
  checkKey(key);
  checkExpectation(key, change.expect);
  if (!('put' in change)) return;
  checkJson(change.put.body, `${show(key)}: body`, limits.bodyDepthMax);
  checkInstant('attentionAt', change.put.attentionAt);
  checkInstant('expiresAt', change.put.expiresAt);
}

/** Everything that can be refused without measuring the items. */
export function checkCommit({ id, changes }: Commit): void {
  if (typeof id !== 'string' || id === '') throw new LedgerRefused('BAD_VALUE', 'the commit has no id');
  if (changes.length === 0) throw new LedgerRefused('EMPTY', `commit ${id} changes nothing`);
  if (changes.length > limits.changesPerCommitMax) {
    throw new LedgerRefused('TOO_MANY_CHANGES', `${changes.length} changes, at most ${limits.changesPerCommitMax} fit`);
  }
  const seen = new Set<string>();
  for (const change of changes) {
    checkChange(change);
    const { pk, sk } = keyOfChange(change);
    if (seen.has(`${pk}\0${sk}`))
      throw new LedgerRefused('DUPLICATE_KEY', `${show({ pk, sk })} is changed twice in one commit`);
    seen.add(`${pk}\0${sk}`);
  }
}

/** `bytes` is what each change writes, in the order of the changes. */
export function checkSizes(changes: readonly Change[], bytes: readonly number[]): void {
  for (const [i, change] of changes.entries()) {
    const size = bytes[i] ?? 0;
    if (size > limits.itemBytesMax) {
      throw new LedgerRefused(
        'ITEM_TOO_LARGE',
        `${show(keyOfChange(change))} has ${size} bytes, at most ${limits.itemBytesMax} fit`,
      );
    }
  }
  const total = bytes.reduce((sum, size) => sum + size, 0);
  if (total > limits.commitBytesMax) {
    throw new LedgerRefused('COMMIT_TOO_LARGE', `${total} bytes, at most ${limits.commitBytesMax} fit`);
  }
}

export function checkLimit(limit: number | undefined): void {
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw new LedgerRefused('BAD_VALUE', `limit ${limit} is not a whole number from 1`);
  }
}
