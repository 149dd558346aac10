import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../core/limits.ts';
import type { Change, Item } from '../../core/ports.ts';
import { realClock } from '../../local/clock.ts';
import { openLedger } from '../../local/ledger.ts';

const put = (sk: string, fields: { expiresAt?: number; attentionAt?: number } = {}): Change => ({
  put: { pk: 'p', sk, body: sk, ...fields },
  expect: { any: true },
});

describe('the laptop’s ledger', () => {
  test('a failed write ends it: that commit and all later ones throw, reads go on, nothing is half written', async () => {
    let isFull = false;
    const ledger = await openLedger({
      clock: realClock,
      aroundWrite: (write) => (isFull ? Promise.reject(new Error('ENOSPC: no space left on device')) : write()),
    });
    await ledger.commit({ id: '1', changes: [put('a'), put('b')] });
    isFull = true;
    const failing = [2, 3, 4].map((n) => ledger.commit({ id: String(n), changes: [put('a'), put(`new-${n}`)] }));
    for (const commit of failing) {
      await expect(commit).rejects.toMatchObject({
        name: 'TownError',
        code: 'LEDGER_UNWRITABLE',
        status: 507,
        move: 'operator',
        what: expect.stringContaining('ENOSPC'),
      });
    }
    isFull = false;
    for (const n of [5, 6]) {
      await expect(ledger.commit({ id: String(n), changes: [put('c')] })).rejects.toMatchObject({
        code: 'LEDGER_UNWRITABLE',
      });
    }
    expect((await ledger.query('p')).items.map(({ sk, version }) => [sk, version])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    await ledger.close();
  });

  test('commits that wait together share one write, also when they touch the same item', async () => {
    let writes = 0;
    const ledger = await openLedger({
      clock: realClock,
      aroundWrite: (write) => {
        writes += 1;
        return write();
      },
    });
    const counted = (n: number): Change => ({ put: { pk: 'p', sk: 'n', body: n }, expect: { version: n } });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ledger.commit({ id: String(n), changes: [counted(n), put(`i${n}`)] })),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(writes).toBe(2);
    expect(await ledger.get({ pk: 'p', sk: 'n' })).toMatchObject({ version: 20, body: 19, commit: '19' });
    await ledger.close();
  });

  test('the change feed tells of every commit’s puts once, in order, before the commit is answered', async () => {
    const ledger = await openLedger({ clock: realClock });
    const told: (readonly Item[])[] = [];
    ledger.onCommitted((items) => void told.push(items));
    await ledger.commit({ id: '1', changes: [put('a'), put('b')] });
    expect(told).toHaveLength(1);
    await Promise.all([
      ledger.commit({ id: '2', changes: [put('a')] }),
      ledger.commit({ id: '3', changes: [{ put: { pk: 'p', sk: 'a', body: 0 }, expect: { absent: true } }] }),
      ledger.commit({ id: '4', changes: [{ delete: { pk: 'p', sk: 'b' }, expect: { any: true } }] }),
      ledger.commit({ id: '5', changes: [put('c')] }),
    ]);
    expect(told.map((items) => items.map(({ commit, sk, version }) => [commit, sk, version]))).toEqual([
      [
        ['1', 'a', 1],
        ['1', 'b', 1],
      ],
      [['2', 'a', 2]],
      [['5', 'c', 1]],
    ]);
    await ledger.close();
  });

  test('an expired item is seen until it is swept, and then it and its index entries are gone', async () => {
    let now = 1000;
    const ledger = await openLedger({ clock: { now: () => now } });
    await ledger.commit({
      id: '1',
      changes: [put('old', { expiresAt: 2000, attentionAt: 1 }), put('young', { expiresAt: 4000 })],
    });
    await ledger.commit({ id: '2', changes: [put('revived', { expiresAt: 2000 })] });
    await ledger.commit({ id: '3', changes: [put('revived', { expiresAt: 9000 })] });
    now = 3000;
    expect(await ledger.get({ pk: 'p', sk: 'old' })).toBeDefined();
    for (let n = 0; n < limits.sweepEveryCommits; n += 1) await ledger.commit({ id: `s${n}`, changes: [put('x')] });
    expect((await ledger.query('p')).items.map(({ sk }) => sk)).toEqual(['revived', 'x', 'young']);
    const due = await Promise.all([0, 1, 2, 3].map((shard) => ledger.due(shard, Number.POSITIVE_INFINITY)));
    expect(due.flatMap(({ keys }) => keys)).toEqual([]);
    await ledger.close();
  });

  test('closing waits for the commits under way, and what was closed can be opened again', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
    const location = join(directory, 'nested', 'db');
    const first = await openLedger({ location, clock: realClock });
    const commits = [1, 2, 3].map((n) => first.commit({ id: String(n), changes: [put(`i${n}`)] }));
    await first.close();
    expect(await Promise.all(commits)).toEqual(Array(3).fill({ ok: true }));
    const second = await openLedger({ location, clock: realClock });
    expect((await second.query('p')).items).toHaveLength(3);
    await second.close();
    await rm(directory, { recursive: true });
  });

  test('a location that cannot be a ledger is refused with its reason', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
    const location = join(directory, 'file');
    await writeFile(location, 'not a directory');
    await expect(openLedger({ location, clock: realClock })).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
    await rm(directory, { recursive: true });
  });
});
