/** The real Refinery with a long line, on a large repository: time and writes of a tick, time of a build, memory. */
import { execFileSync } from 'node:child_process';
import { openWorld, type Submitted, type World } from '../../lambdas/refinery/world.ts';
import { medianOf } from '../scale/report.ts';
import { cpuSeconds } from './cpu.ts';

export interface LoadFigures {
  readonly queued: number;
  readonly files: number;
  /** The tick that chooses, builds and launches the first runs. */
  readonly firstTickMs: number;
  /** Of this process and its gits. */
  readonly firstTickCpuMs: number;
  readonly firstTickWrites: number;
  /** Ticks that a verdict woke: they land or join, and start the next. Medians. */
  readonly verdictTickMs: number;
  readonly verdictTickCpuMs: number;
  readonly verdictTickWrites: number;
  /** A tick with nothing to do. */
  readonly idleTickMs: number;
  readonly idleTickWrites: number;
  /** A chain of so many, built and pushed; and one of a single change before, for which the repository is fetched. */
  readonly chain: number;
  readonly buildMsPerChange: number;
  readonly buildCpuMsPerChange: number;
  readonly firstBuildMs: number;
  readonly rssMb: number;
}

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
  readonly writes: number;
}

const filesPerDirectory = 100;
const chainLength = 16;
const verdicts = 8;

/** A commit of `files` files on main, and a branch for each change; in one process of git. */
function fill(world: World, files: number, changes: number): void {
  const file = (n: number) => `d${Math.floor(n / filesPerDirectory)}/f${n}.txt`;
  const commit = (branch: string, message: string) =>
    `commit refs/heads/${branch}\nmark :${branch === 'main' ? 1 : 2}\ncommitter Toast <toast@example.invalid> 1700000000 +0000\ndata ${message.length}\n${message}\n`;
  const lines = [
    commit('main', 'All files'),
    ...Array.from({ length: files }, (_, n) => `M 644 inline ${file(n)}\ndata 5\nfile\n\n`),
  ];
  for (let n = 0; n < changes; n += 1)
    lines.push(
      `${commit(`made/${n}`, `Change ${n}`)}from :1\nM 644 inline ${file((n * 7) % files)}.new-${n}\ndata 4\nnew\n\n`,
    );
  const cwd = world.rig.remote.url;
  execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd, input: lines.join(''), maxBuffer: 2 ** 28 });
}

export async function loadTier(queued: number, files: number): Promise<LoadFigures> {
  const world = await openWorld({ settings: { 'refinery.gates.test': 'npm test', 'refinery.slots': 4 } });
  let writes = 0;
  world.ledger.onCommitted((put) => {
    writes += put.length;
  });
  const timed = async (work: () => Promise<unknown>): Promise<Cost> => {
    const [at, cpu, before] = [performance.now(), cpuSeconds(), writes];
    await work();
    return { ms: performance.now() - at, cpuMs: (cpuSeconds() - cpu) * 1000, writes: writes - before };
  };
  try {
    fill(world, files, queued);
    const submitted: Submitted[] = [];
    for (let n = 0; n < queued; n += 1)
      submitted.push(await world.submit(n + 1, { [`note-${n}`]: 'x' }, { from: `made/${n}` }));
    world.effects.length = 0;
    const jobs: { readonly candidate: string; readonly gateRun: number; readonly commit: string }[] = [];
    const launches = async (): Promise<void> => {
      for (const effect of world.effects.splice(0)) {
        if (effect.do !== 'launch_gate') continue;
        await world.launch(effect);
        const job = await world.claim(effect);
        if (!('superseded' in job)) jobs.push({ ...effect, commit: job.commit });
      }
    };
    const fetched = await timed(() => buildOne(world, submitted.slice(0, 1)));
    const build = await timed(() => buildOne(world, submitted.slice(-chainLength)));
    const first = await timed(world.tick);
    await launches();
    const ticks: Cost[] = [];
    for (let job = jobs.shift(); job && ticks.length < verdicts; job = jobs.shift()) {
      await world.verdict(job, { commit: job.commit });
      ticks.push(await timed(world.tick));
      await launches();
    }
    const idle = await timed(world.tick);
    return {
      queued,
      files,
      firstTickMs: first.ms,
      firstTickCpuMs: first.cpuMs,
      firstTickWrites: first.writes,
      verdictTickMs: medianOf(ticks.map(({ ms }) => ms)),
      verdictTickCpuMs: medianOf(ticks.map(({ cpuMs }) => cpuMs)),
      verdictTickWrites: medianOf(ticks.map((tick) => tick.writes)),
      idleTickMs: idle.ms,
      idleTickWrites: idle.writes,
      chain: Math.min(chainLength, queued),
      buildMsPerChange: build.ms / Math.min(chainLength, queued),
      buildCpuMsPerChange: build.cpuMs / Math.min(chainLength, queued),
      firstBuildMs: fetched.ms,
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  } finally {
    await world.close();
  }
}

async function buildOne(world: World, changes: readonly Submitted[]): Promise<void> {
  const { remote, head } = world.rig;
  const author = { name: 'Toast', email: 'toast@example.invalid', at: 0 };
  const built = await world.deps.repo.buildChain(remote, {
    base: head('main') ?? '',
    links: changes.map(({ branch, head: oid, bead }) => ({ branch, head: oid, message: `${bead}\n`, author })),
    strategy: 'squash',
    candidateRef: 'refs/gastown/bench/load',
  });
  if (!built.ok) throw new Error(`not built: ${JSON.stringify(built)}`);
}
