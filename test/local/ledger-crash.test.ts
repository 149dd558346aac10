/** Real processes, really killed; and a disk that is really full. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { limits } from '../../core/limits.ts';
import type { Item, Key } from '../../core/ports.ts';
import { realClock } from '../../local/clock.ts';
import { type LocalLedger, openLedger } from '../../local/ledger.ts';

const committer = fileURLToPath(new URL('./ledger-committer.ts', import.meta.url));

jest.setTimeout(60_000);

let location: string;
beforeEach(async () => {
  location = join(await mkdtemp(join(tmpdir(), 'ledger-')), 'db');
});
afterEach(() => rm(join(location, '..'), { recursive: true }));

interface Ended {
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly errors: readonly string[];
}

function read(output: string): Ended {
  const acknowledged = new Map<string, number>();
  const errors: string[] = [];
  for (const line of output.split('\n').slice(0, -1)) {
    const [writer = '', what = ''] = line.split(' ');
    if (/^\d+$/.test(what)) acknowledged.set(writer, Number(what));
    else errors.push(what);
  }
  return { acknowledged, errors };
}

/** Runs the committer; kills it `killAfterMs` after its first answered commit, if that is given. */
async function runCommitter({
  killAfterMs,
  sync = true,
  shell = '',
}: {
  killAfterMs?: number;
  sync?: boolean;
  shell?: string;
}) {
  const command = `${shell} exec "$0" --import tsx "$@"`;
  const child = spawn('sh', ['-c', command, process.execPath, committer, location, String(sync)]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (output === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    output += chunk;
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk;
  });
  await once(child, 'close');
  if (output === '') throw new Error(`the committer said nothing: ${complaint}`);
  return read(output);
}

async function everything(ledger: LocalLedger, pk: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  do {
    const page = await ledger.query(pk, after === undefined ? {} : { after });
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return items;
}

async function allDue(ledger: LocalLedger): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for (let shard = 0; shard < limits.attentionShards; shard += 1) {
    let after: string | undefined;
    do {
      const page = await ledger.due(shard, Number.POSITIVE_INFINITY, after === undefined ? {} : { after });
      keys.push(...page.keys);
      after = page.next;
    } while (after !== undefined);
  }
  return keys;
}

/** Every answered commit is there, each commit wholly or not at all, and the index knows each item. */
async function expectWhole({ acknowledged }: Ended): Promise<void> {
  const ledger = await openLedger({ location, clock: realClock });
  const due = await allDue(ledger);
  for (const writer of ['w1', 'w2', 'w3', 'w4']) {
    const counter = await ledger.get({ pk: 'COUNT', sk: writer });
    const last = counter?.version ?? 0;
    expect(last).toBeGreaterThanOrEqual(acknowledged.get(writer) ?? 0);
    const wanted = Array.from({ length: last }, (_, i) => String(i + 1).padStart(6, '0'));
    const found = (await everything(ledger, `W#${writer}`)).map(({ sk }) => sk);
    expect(found).toEqual(wanted.flatMap((n) => ['a', 'b', 'c'].map((part) => `${n}#${part}`)));
    expect(due.filter(({ pk }) => pk === `W#${writer}`).map(({ sk }) => sk)).toEqual(wanted.map((n) => `${n}#a`));
  }
  await ledger.close();
}

describe('a ledger on disk', () => {
  test.each([
    [3, true],
    [80, true],
    [250, false],
  ])(
    'keeps every answered commit, and none by half, when its process is killed after %i ms (sync: %p)',
    async (killAfterMs, sync) => {
      const ended = await runCommitter({ killAfterMs, sync });
      expect(ended.errors).toEqual([]);
      await expectWhole(ended);
    },
  );

  test('keeps every answered commit, and none by half, when the disk takes no more; and says so from then on', async () => {
    // A file of at most 512 blocks: the write that would pass it fails in its middle, as on a full disk.
    const ended = await runCommitter({ shell: "trap '' XFSZ; ulimit -f 512;" });
    expect(new Set(ended.errors)).toEqual(new Set(['LEDGER_UNWRITABLE']));
    expect(ended.errors).toHaveLength(8);
    expect(ended.acknowledged.size).toBe(4);
    await expectWhole(ended);
  });

  test('is refused to a second process', async () => {
    const ledger = await openLedger({ location, clock: realClock });
    expect((await runCommitter({})).errors).toEqual(['LEDGER_LOCKED']);
    await expect(openLedger({ location, clock: realClock })).rejects.toMatchObject({
      code: 'LEDGER_LOCKED',
      status: 409,
    });
    await ledger.close();
    await (await openLedger({ location, clock: realClock })).close();
  });
});
