/**
 * `npm run bench`: beads per second through the whole town with an agent that only commits: real git, real processes,
 * real HTTP. 200 beads in 20 convoys, 8 polecats, one gate that always passes. Prints the median of the runs.
 */
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bead } from '../../core/convoys/bead.ts';
import { partitions, prefixes } from '../../core/keys.ts';
import { fileLog } from '../../local/log.ts';
import { startTown, type Town } from '../../local/town.ts';

const { values } = parseArgs({
  options: {
    convoys: { type: 'string', default: '20' },
    beads: { type: 'string', default: '10' },
    polecats: { type: 'string', default: '8' },
    runs: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const convoys = Number(values.convoys);
const beadsPerConvoy = Number(values.beads);

interface Run {
  readonly beads: number;
  readonly seconds: number;
  readonly beadsPerSecond: number;
  /** Of a bead's life, from its hook to its landing, what was neither its agent's nor a gate's, in milliseconds. */
  readonly agentMsP50: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

const runs: Run[] = [];
for (let i = 0; i < Number(values.runs); i += 1) {
  const run = await benchOnce();
  runs.push(run);
  if (!values.json)
    console.log(`run ${i + 1}: ${run.beadsPerSecond.toFixed(1)} beads/s, ${run.seconds.toFixed(1)} s, ${run.rssMb} MB`);
}
const median = [...runs].sort((a, b) => a.beadsPerSecond - b.beadsPerSecond)[Math.floor(runs.length / 2)];
console.log(
  values.json ? JSON.stringify(median) : `median: ${median?.beadsPerSecond.toFixed(1)} beads/s through the town`,
);
process.exit(0);

async function benchOnce(): Promise<Run> {
  const dir = await mkdtemp(join(tmpdir(), 'gastown-bench-'));
  const remote = makeRemote(dir);
  await mkdir(join(dir, 'state'));
  const town = await startTown({
    dir: join(dir, 'state'),
    print: () => undefined,
    log: fileLog(createWriteStream(join(dir, 'town.log'))),
    polecatsPerTown: Number(values.polecats),
  });
  try {
    await call(town, 'POST', '/v1/rigs', { name: 'bench', url: remote });
    await call(town, 'PATCH', '/v1/rigs/bench/config', {
      'refinery.gates.pass': 'true',
      'polecats.max': Number(values.polecats),
    });
    const started = performance.now();
    const cpu = process.cpuUsage();
    const ids = await Promise.all(Array.from({ length: convoys }, (_, i) => submit(town, i)));
    for (const id of ids) await landed(town, id);
    const seconds = (performance.now() - started) / 1000;
    const used = process.cpuUsage(cpu);
    const beads = (await Promise.all(ids.map((id) => beadsOf(town, id)))).flat();
    const count = Number(git(remote, ['rev-list', '--count', 'main']).trim()) - 1;
    if (count !== convoys * beadsPerConvoy)
      throw new Error(`${count} commits on main, not ${convoys * beadsPerConvoy}`);
    return {
      beads: count,
      seconds,
      beadsPerSecond: count / seconds,
      agentMsP50: p50(beads.map((bead) => bead.spent.agentMs)),
      cpuSeconds: (used.user + used.system) / 1e6,
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  } finally {
    await town.close();
    await rm(dir, { recursive: true, force: true });
  }
}

function makeRemote(dir: string): string {
  const remote = join(dir, 'remote.git');
  git(dir, ['init', '-q', '--bare', '-b', 'main', remote]);
  const tree = git(remote, ['hash-object', '-t', 'tree', '-w', '/dev/null']).trim();
  const commit = git(remote, ['commit-tree', tree, '-m', 'Start']).trim();
  git(remote, ['update-ref', 'refs/heads/main', commit]);
  return remote;
}

function git(cwd: string, args: readonly string[]): string {
  const who = {
    GIT_AUTHOR_NAME: 'bench',
    GIT_AUTHOR_EMAIL: 'bench@localhost',
    GIT_COMMITTER_NAME: 'bench',
    GIT_COMMITTER_EMAIL: 'bench@localhost',
  };
  return execFileSync('git', args, { cwd, encoding: 'utf8', env: { ...process.env, ...who } });
}

async function submit(town: Town, i: number): Promise<string> {
  const items = Array.from(
    { length: beadsPerConvoy },
    (_, n) => `- [ ] b${n}: Add file ${i}-${n}\n\n  \`\`\`sh\n  echo ${i} ${n} > file-${i}-${n}\n  \`\`\`\n`,
  );
  const { convoy } = await call<{ convoy: { id: string } }>(town, 'POST', '/v1/intents', {
    rig: 'bench',
    text: `# Convoy ${i}\n\n${items.join('\n')}`,
  });
  return convoy.id;
}

async function landed(town: Town, id: string): Promise<void> {
  for (;;) {
    const { status } = await call<{ status: string }>(town, 'GET', `/v1/convoys/${id}`);
    if (status === 'landed') return;
    if (status === 'stalled') throw new Error(`convoy ${id} stalled`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function beadsOf(town: Town, id: string): Promise<Bead[]> {
  const { items } = await town.ports.ledger.query(partitions.convoy(id), { prefix: prefixes.beads });
  return items.map((item) => item.body as unknown as Bead);
}

async function call<T>(town: Town, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(town.url + path, {
    method,
    headers: { authorization: `Bearer ${town.token}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

function p50(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
