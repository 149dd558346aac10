/**
 * The town killed with `kill -9` at many moments of its life, and started again each time: it finishes what it was given,
 * and nothing lands twice. The moments come from a seed, which a failure prints; GASTOWN_KILL_SEED replays it, and
 * GASTOWN_KILLS asks for more kills than the few of an ordinary run.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { makeTestRig, type TestRig } from '../git/rig.ts';
import type { ApiClient } from './api-client.ts';
import { breachesOf, itemsOf } from './invariants.ts';
import { seeded } from './seeded.ts';
import { bundleTown, pause, processesLeftAt, spawnTown, type TownProcess } from './town-process.ts';

const seed = Number(process.env.GASTOWN_KILL_SEED ?? Date.now() % 1_000_000);
const kills = Number(process.env.GASTOWN_KILLS ?? 12);
/** So many kills for each convoy, so that it also gets somewhere between them. */
const killsPerConvoy = 12;
const landWithinMs = 120_000;

jest.setTimeout(60_000 + kills * 10_000 + landWithinMs);

/** Two diamonds, one on the other; each bead says in its file what it found below it. */
const shape: Readonly<Record<string, readonly string[]>> = {
  root: [],
  left: ['root'],
  right: ['root'],
  waist: ['left', 'right'],
  foot: ['waist', 'right'],
  end: ['waist', 'foot'],
};

function intentOf(batch: string): string {
  const tasks = Object.entries(shape).map(([name, needs]) => {
    const lines = [
      `- [ ] ${name}: Write ${name} of ${batch}`,
      ...(needs.length > 0 ? [`  needs: ${needs.join(', ')}`] : []),
    ];
    const below = needs.map((need) => `${batch}/${need}`).join(' ');
    const script = `mkdir -p ${batch}; cat /dev/null ${below} > ${batch}/${name}; sleep 0.1; echo ${name} >> ${batch}/${name}`;
    return [...lines, '', '  ```sh', `  ${script}`, '  ```', ''].join('\n');
  });
  return `# Batch ${batch}\n\n${tasks.join('\n')}`;
}

const contentOf = (name: string): string => [...(shape[name] ?? []).map(contentOf), name].join('\n');

let bundle: Awaited<ReturnType<typeof bundleTown>>;
let dir: string;
let rig: TestRig;
beforeAll(async () => {
  bundle = await bundleTown();
  dir = join(mkdtempSync(join(tmpdir(), 'gastown-restart-')), 'state');
  mkdirSync(dir);
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'greenhouse\n' });
});
afterAll(() => {
  bundle?.remove();
  rig?.remove();
  if (dir) rmSync(join(dir, '..'), { recursive: true, force: true, maxRetries: 3 });
});

describe('a town that is killed with -9 in mid-work', () => {
  test(`finishes its convoys and lands nothing twice (seed ${seed}, ${kills} kills)`, async () => {
    const random = seeded(seed);
    const batches: string[] = [];
    const convoys: string[] = [];
    let town: TownProcess = spawnTown(bundle.file, dir);
    try {
      await addRig(await town.up());
      for (let killed = 0; killed < kills; ) {
        const batch = `batch-${batches.length + 1}`;
        batches.push(batch);
        let convoy = await (await town.up()).submit('green', intentOf(batch), batch);
        for (const until = Math.min(kills, killed + killsPerConvoy); killed < until; killed += 1) {
          await pause(momentOf(random));
          await (random() < 0.5 ? town.kill() : town.crash());
          town = spawnTown(bundle.file, dir);
          // Most lives last longer than the start; some end in the middle of it.
          if (random() < 0.25) continue;
          const api = await town.up();
          // The same key again: however often it is handed in, it is one convoy.
          convoy = await api.submit('green', intentOf(batch), batch);
          if ((await api.convoy(convoy)).status !== 'landed') continue;
          killed += 1;
          break;
        }
        await landed(await town.up(), convoy);
        convoys.push(convoy);
      }
      expect(await town.stop()).toBe(0);
    } catch (error) {
      await town.kill();
      throw new Error(`seed ${seed}: ${String(error)}\n${town.said()}\n${tailOf(join(dir, 'town.log'))}`);
    }
    expect(await processesLeftAt(dir)).toEqual([]);
    expect(new Set(convoys).size).toBe(batches.length);
    expect(breachesOf(await itemsOf(join(dir, 'ledger')))).toEqual([]);
    for (const batch of batches) {
      for (const name of Object.keys(shape)) expect(rig.show('main', `${batch}/${name}`)).toBe(contentOf(name));
    }
    expect(rig.subjects('main')).toHaveLength(1 + batches.length * Object.keys(shape).length);
  });
});

/** From the first milliseconds after the start to well into the work. */
const momentOf = (random: () => number): number => (random() < 0.3 ? random() * 300 : random() * 2500);

async function addRig(api: ApiClient): Promise<void> {
  await api.must('POST', '/v1/rigs', { name: 'green', url: rig.remote.url });
  const config = { 'refinery.gates.test': 'sleep 0.1; test -f README.md', 'retry.backoff_s': [0] };
  await api.must('PATCH', '/v1/rigs/green/config', config);
}

async function landed(api: ApiClient, id: string): Promise<void> {
  for (const deadline = Date.now() + landWithinMs; ; await pause(100)) {
    const { status, stalledBecause, beads } = await api.convoy(id);
    if (status === 'landed') return;
    const where = beads.map((bead) => `${bead.name} ${bead.status}`).join(', ');
    if (status !== 'open' && status !== 'planning') throw new Error(`${status}: ${stalledBecause ?? ''}: ${where}`);
    if (Date.now() > deadline) throw new Error(`not landed after ${landWithinMs} ms: ${where}`);
  }
}

const tailOf = (file: string): string => readFileSync(file, 'utf8').split('\n').slice(-60).join('\n');
