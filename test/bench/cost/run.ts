/** Sends beads through a watched town and waits until all have landed. */
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { keys } from '../../../core/keys.ts';
import { fileLog } from '../../../local/log.ts';
import { startTown, type Town } from '../../../local/town.ts';
import { Tally } from './tally.ts';
import { makeWorld } from './world.ts';

export interface Workload {
  readonly beads: number;
  readonly beadsPerConvoy: number;
  /** Convoys under way at once. */
  readonly convoys: number;
  readonly polecats: number;
  /** Of an agent's work: they become beats. */
  readonly agentMinutes: number;
  /** Real git and real processes, whose agents only commit. */
  readonly real: boolean;
}

export interface Measured {
  readonly beads: number;
  readonly seconds: number;
  readonly tally: Tally;
}

const beatsPerMinute = 2;

export async function runWorkload(workload: Workload): Promise<Measured> {
  const dir = await mkdtemp(join(tmpdir(), 'gastown-cost-'));
  const tally = new Tally();
  const beats = workload.agentMinutes * beatsPerMinute;
  const town = await startTown({
    dir: join(dir, 'state'),
    print: () => undefined,
    log: fileLog(createWriteStream(join(dir, 'town.log'))),
    sync: false,
    polecatsPerTown: workload.polecats,
    watch: tally,
    ...(workload.real ? {} : { world: (apiUrl) => makeWorld(apiUrl, { beats }) }),
  });
  try {
    const url = workload.real ? await makeRemote(dir) : '/nowhere/modelled.git';
    await call(town, 'POST', '/v1/rigs', { name: 'bench', url });
    await call(town, 'PATCH', '/v1/rigs/bench/config', {
      'refinery.gates.pass': 'true',
      'polecats.max': workload.polecats,
    });
    const started = performance.now();
    await Promise.all(Array.from({ length: workload.convoys }, (_, lane) => sendLane(town, workload, lane)));
    return { beads: workload.beads, seconds: (performance.now() - started) / 1000, tally };
  } finally {
    await town.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** One convoy after another, until this lane's share of the beads has landed. */
async function sendLane(town: Town, { beads, beadsPerConvoy, convoys }: Workload, lane: number): Promise<void> {
  for (let from = lane * beadsPerConvoy; from < beads; from += convoys * beadsPerConvoy) {
    const text = intentOf(from, Math.min(beadsPerConvoy, beads - from));
    const { convoy } = await call<{ convoy: { id: string } }>(town, 'POST', '/v1/intents', { rig: 'bench', text });
    await landed(town, convoy.id);
  }
}

const intentOf = (from: number, count: number): string => {
  const items = Array.from({ length: count }, (_, i) => {
    const n = from + i;
    return `- [ ] b${i}: Add file ${n}\n\n  \`\`\`sh\n  echo ${n} > file-${n}\n  \`\`\`\n`;
  });
  return `# Files from ${from}\n\n${items.join('\n')}`;
};

/** Watches the record, not the API: looking on is no part of the bill. */
async function landed(town: Town, id: string): Promise<void> {
  for (;;) {
    const convoy = (await town.ports.ledger.get(keys.convoy(id)))?.body as unknown as Convoy | undefined;
    if (convoy?.status === 'landed') return;
    if (convoy?.status === 'stalled' || convoy?.status === 'cancelled') throw new Error(`convoy ${id} did not land`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function call<Answer>(town: Town, method: string, path: string, body: object): Promise<Answer> {
  const response = await fetch(town.url + path, {
    method,
    headers: { authorization: `Bearer ${town.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

async function makeRemote(dir: string): Promise<string> {
  const remote = join(dir, 'remote.git');
  await mkdir(remote);
  const who = { name: 'bench', email: 'bench@localhost' };
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', `user.name=${who.name}`, '-c', `user.email=${who.email}`, ...args], {
      cwd: remote,
      encoding: 'utf8',
    }).trim();
  git('init', '-q', '--bare', '-b', 'main', '.');
  const commit = git('commit-tree', git('hash-object', '-t', 'tree', '-w', '/dev/null'), '-m', 'Start');
  git('update-ref', 'refs/heads/main', commit);
  return remote;
}
