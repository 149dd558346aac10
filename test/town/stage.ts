/** A town in this process, rigs for it, and plays on it: stories that run at the same time, because most of them wait. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { kindOf } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { startTown, type Town, type TownOptions } from '../../local/town.ts';
import { makeTestRig, type TestRig } from '../git/rig.ts';
import { type ApiClient, type ConvoyDetail, makeClient } from './api-client.ts';
import { breachesOf, itemsOf } from './invariants.ts';
import { pause, processesLeftAt } from './town-process.ts';

export interface Stage {
  readonly dir: string;
  readonly api: ApiClient;
  readonly printed: string[];
  readonly logged: string[];
  /** A rig over a repository of its own, with one gate that passes and no rest between attempts. */
  rig(name: string, config?: Readonly<Record<string, unknown>>): Promise<TestRig>;
  /** Hands an intent in and waits until its convoy has come to rest. */
  play(rig: string, ...tasks: readonly string[]): Promise<ConvoyDetail>;
  rest(convoy: string): Promise<ConvoyDetail>;
  /** Asks again until there is something. */
  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T>;
  /** Ends the town, whatever it is doing. */
  end(): Promise<void>;
  /** Ends the town, which is at rest: then everything must be in order. */
  close(): Promise<void>;
}

const restWithinMs = 90_000;

export async function openStage(options: Partial<TownOptions> = {}): Promise<Stage> {
  const dir = options.dir ?? join(mkdtempSync(join(tmpdir(), 'gastown-stage-')), 'state');
  const printed: string[] = [];
  const logged: string[] = [];
  const town: Town = await startTown({
    dir,
    sync: false,
    print: (line) => void printed.push(line),
    log: (level, message, fields) => void logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
    ...options,
  });
  const api = makeClient(town.url, town.token);
  const rigs: TestRig[] = [];
  let submitted = 0;
  const stage: Stage = {
    dir,
    api,
    printed,
    logged,
    async rig(name, config = {}) {
      const rig = makeTestRig(name);
      rigs.push(rig);
      rig.commit('main', { 'README.md': `${name}\n` });
      await api.must('POST', '/v1/rigs', { name, url: rig.remote.url });
      await api.must('PATCH', `/v1/rigs/${name}/config`, {
        'refinery.gates.test': 'true',
        'retry.backoff_s': [0],
        ...config,
      });
      return rig;
    },
    async play(rig, ...tasks) {
      submitted += 1;
      const id = await api.submit(rig, `# Play ${submitted} on ${rig}\n\n${tasks.join('\n')}`, `${rig}-${submitted}`);
      return stage.rest(id);
    },
    async rest(id) {
      for (const deadline = Date.now() + restWithinMs; ; await pause(50)) {
        const convoy = await api.convoy(id);
        const moving = convoy.status === 'planning' || convoy.status === 'open' || convoy.progress.total === 0;
        if (!moving || convoy.faults) return convoy;
        if (Date.now() < deadline) continue;
        const where = convoy.beads.map(({ name, status, notes }) => `${name} ${status} ${JSON.stringify(notes)}`);
        const warnings = logged.filter((line) => !line.startsWith('info')).slice(-20);
        throw new Error(`convoy ${id} on ${convoy.rig} does not come to rest:\n${[...where, ...warnings].join('\n')}`);
      }
    },
    async until(what, ask) {
      for (const deadline = Date.now() + restWithinMs; Date.now() < deadline; await pause(50)) {
        const found = await ask();
        if (found !== undefined) return found;
      }
      throw new Error(`waited in vain for ${what}`);
    },
    end: () => town.close(),
    async close() {
      // What the last commits imply is performed a moment after them.
      await stage.until('the last effects', async () => ((await effectsLeft(town)) ? undefined : true));
      await town.close();
      const breaches = breachesOf(await itemsOf(join(dir, 'ledger')));
      const left = await processesLeftAt(dir);
      for (const rig of rigs) rig.remove();
      if (options.dir === undefined) rmSync(join(dir, '..'), { recursive: true, force: true, maxRetries: 3 });
      expect(breaches).toEqual([]);
      expect(left).toEqual([]);
    },
  };
  return stage;
}

async function effectsLeft({ ports: { ledger, clock } }: Town): Promise<boolean> {
  const shards = Array.from({ length: limits.attentionShards }, (_, shard) => shard);
  const due = await Promise.all(shards.map((shard) => ledger.due(shard, clock.now() + limits.effectDueMs)));
  return due.some(({ keys }) => keys.some((key) => kindOf(key) === 'effect'));
}

/** A task of a checklist, with the script that its agent runs. */
export function task(name: string, script: string, ...fields: readonly string[]): string {
  const body = [...fields, '', '```sh', ...script.trim().split('\n'), '```'].map((line) => (line ? `  ${line}` : ''));
  return [`- [ ] ${name}: Do ${name}`, ...body, ''].join('\n');
}

export interface Scene {
  /** The claim. */
  story(title: string, play: (stage: Stage) => Promise<void>): void;
}

/** One town for all stories of a file: they start together, and each test waits for its own. */
export function onOneStage(tell: (story: Scene['story']) => void): void {
  const plays = new Map<string, (stage: Stage) => Promise<void>>();
  const played = new Map<string, Promise<void>>();
  let stage: Stage;
  tell((title, play) => void plays.set(title, play));
  beforeAll(async () => {
    stage = await openStage();
    for (const [title, play] of plays) {
      const playing = play(stage);
      // Its own test tells of it.
      playing.catch(() => undefined);
      played.set(title, playing);
    }
  });
  for (const title of plays.keys()) test(title, () => played.get(title));
  test('and when all is over, nothing is lost, nothing is twice, and nothing is left over', async () => {
    await Promise.allSettled(played.values());
    await stage.close();
    stage = undefined as unknown as Stage;
  });
  afterAll(() => stage?.close());
}
