/** The disk runs full under the ledger while the town works: a clear stop, and after the next start nothing is lost. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { makeTestRig, type TestRig } from '../git/rig.ts';
import type { Problem } from './api-client.ts';
import { breachesOf, itemsOf } from './invariants.ts';
import { openStage, task } from './stage.ts';
import { bundleTown, pause, processesLeftAt, spawnTown } from './town-process.ts';

jest.setTimeout(120_000);

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'gastown-full-')), 'state');
  mkdirSync(dir);
});
afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true, maxRetries: 3 }));

const writes = (name: string, ...fields: readonly string[]): string =>
  task(name, `echo ${name} > ${name}.txt`, ...fields);
const diamond = `# Diamond\n\n${writes('a')}\n${writes('b', 'needs: a')}\n${writes('c', 'needs: a')}\n${writes('d', 'needs: b, c')}`;
const unwritable = /The ledger could not be written \(.*ENOSPC.*Free disk space, then start it again/;

describe('a town whose disk runs full', () => {
  test.each([4, 25])(
    'says so once, refuses what would write with 507, still reads, and goes on after the next start (after %i more writes)',
    async (moment) => {
      let writesLeft = Number.POSITIVE_INFINITY;
      const full = await openStage({
        dir,
        aroundWrite: (write) => {
          writesLeft -= 1;
          return writesLeft < 0 ? Promise.reject(new Error('ENOSPC: no space left on device')) : write();
        },
      });
      const rig = await full.rig('green');
      const convoy = await full.api.submit('green', diamond, 'diamond');
      writesLeft = moment;
      await full.until('the full disk', async () => writesLeft < 0 || undefined);
      await pause(300);

      const refused = await full.api.call<Problem>('POST', '/v1/estop', { because: 'none' });
      expect(refused).toMatchObject({ status: 507, body: { code: 'LEDGER_UNWRITABLE', move: 'operator' } });
      expect(refused.body.detail).toContain('ENOSPC');
      const resubmitted = await full.api.call<Problem>('POST', '/v1/intents', { rig: 'green', text: diamond });
      expect(resubmitted).toMatchObject({ status: 507, body: { code: 'LEDGER_UNWRITABLE' } });
      expect(await full.api.convoy(convoy)).toMatchObject({ id: convoy });
      expect(full.printed.filter((line) => unwritable.test(line))).toHaveLength(1);
      expect(full.logged.filter((line) => line.startsWith('error ledger unwritable'))).toHaveLength(1);
      await full.end();

      const roomy = await openStage({ dir });
      try {
        expect(await roomy.rest(convoy)).toMatchObject({ status: 'landed', progress: { landed: 4 } });
      } finally {
        await roomy.close();
        rig.remove();
      }
    },
  );

  test('really, in its own process: it neither crashes nor lies, and the next one finishes the work', async () => {
    const bundle = await bundleTown();
    const rig: TestRig = makeTestRig();
    rig.commit('main', { 'README.md': 'x\n' });
    // No file may pass 512 blocks: the write that would fails in its middle, as on a full disk.
    const full = spawnTown(bundle.file, dir, "trap '' XFSZ; ulimit -f 512;");
    try {
      const api = await full.up();
      await api.must('POST', '/v1/rigs', { name: 'green', url: rig.remote.url });
      await api.must('PATCH', '/v1/rigs/green/config', { 'refinery.gates.test': 'true', 'retry.backoff_s': [0] });
      const answered: string[] = [];
      for (let n = 1; !/could not be written/.test(full.said()); n += 1) {
        const text = `# Batch ${n}\n\n${['a', 'b'].map((name) => writes(`${name}${n}`)).join('\n')}`;
        const answer = await api.call<{ convoy: { id: string } }>('POST', '/v1/intents', { rig: 'green', text });
        if (answer.status === 202) answered.push(answer.body.convoy.id);
        else expect(answer).toMatchObject({ status: 507, body: { code: 'LEDGER_UNWRITABLE' } });
        await pause(200);
      }
      await pause(500);
      expect(full.said().match(/could not be written/g)).toHaveLength(1);
      expect(await api.call('POST', '/v1/thaw')).toMatchObject({ status: 507 });
      expect(full.child.exitCode).toBeNull();
      await full.kill();

      const roomy = spawnTown(bundle.file, dir);
      const again = await roomy.up();
      for (const id of answered) {
        for (let tries = 0; (await again.convoy(id)).status !== 'landed'; tries += 1) {
          if (tries > 600)
            throw new Error(`${id} did not land\n${readFileSync(join(dir, 'town.log'), 'utf8').slice(-4000)}`);
          await pause(100);
        }
      }
      expect(await roomy.stop()).toBe(0);
      expect(breachesOf(await itemsOf(join(dir, 'ledger')))).toEqual([]);
      expect(await processesLeftAt(dir)).toEqual([]);
    } finally {
      await full.kill();
      bundle.remove();
      rig.remove();
    }
  });
});
