/** Reads files of commits, all of them with one process to learn their sizes and one to read. */
import type { Oid } from '../core/ports.ts';
import { type Cache, fail } from './cache.ts';
import { outputBytesMax } from './run.ts';

/** Files larger than this are nobody's prose. */
const fileBytesMax = 1024 * 1024;

export type File =
  | { readonly is: 'text'; readonly text: string }
  /** Binary, or a link to another repository. */
  | { readonly is: 'opaque' }
  /** Too large, alone or together with those before it. */
  | { readonly is: 'unread' };

/** A file by `<commit or tree>:<path>`, one character a byte. Those that are not there are missing from the answer. */
export async function readFiles(cache: Cache, names: readonly string[]): Promise<ReadonlyMap<string, File>> {
  const found = new Map<string, File>();
  const wanted: [string, Oid][] = [];
  let bytes = 0;
  for (const [name, { oid, type, size }] of await look(cache, names)) {
    if (type !== 'blob') found.set(name, { is: 'opaque' });
    else if (size > fileBytesMax || bytes + size > outputBytesMax / 2) found.set(name, { is: 'unread' });
    else {
      bytes += size;
      wanted.push([name, oid]);
    }
  }
  const texts = await read(cache, [...new Set(wanted.map(([, oid]) => oid))]);
  for (const [name, oid] of wanted) found.set(name, texts.get(oid) ?? { is: 'unread' });
  return found;
}

interface Seen {
  readonly oid: Oid;
  readonly type: string;
  readonly size: number;
}

async function look(cache: Cache, names: readonly string[]): Promise<readonly [string, Seen][]> {
  const answer = await cache.git(['cat-file', '--batch-check', '-z'], {
    stdin: names.map((name) => `${name}\0`).join(''),
    bytes: true,
  });
  if (answer.status !== 0) fail('looking for files', answer);
  let left = answer.stdout;
  return names.flatMap((name): [string, Seen][] => {
    // What is missing is answered with its name, which may have a newline in it.
    const missing = `${name} missing\n`;
    const line = left.startsWith(missing) ? missing : left.slice(0, left.indexOf('\n') + 1);
    left = left.slice(line.length);
    const [oid = '', type = '', size] = line.trimEnd().split(' ');
    return line === missing ? [] : [[name, { oid, type, size: Number(size) }]];
  });
}

async function read(cache: Cache, oids: readonly Oid[]): Promise<ReadonlyMap<Oid, File>> {
  const texts = new Map<Oid, File>();
  if (oids.length === 0) return texts;
  const stdin = oids.map((oid) => `${oid}\n`).join('');
  const answer = await cache.git(['cat-file', '--batch'], { stdin, bytes: true });
  if (answer.status !== 0) fail('reading files', answer);
  let at = 0;
  for (const oid of oids) {
    const end = answer.stdout.indexOf('\n', at);
    const size = Number(answer.stdout.slice(at, end).split(' ')[2]);
    const bytes = answer.stdout.slice(end + 1, end + 1 + size);
    at = end + 1 + size + 1;
    const text = Buffer.from(bytes, 'latin1').toString('utf8');
    texts.set(oid, bytes.includes('\0') ? { is: 'opaque' } : { is: 'text', text });
  }
  return texts;
}
