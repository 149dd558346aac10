/** Real commits through the real Refinery, and through batch-and-halve on the same git: wall-clock, processor, runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Oid } from '../../../core/ports.ts';
import { openWorld, type Submitted, type World } from '../../lambdas/refinery/world.ts';
import { cpuSeconds } from './cpu.ts';
import { copied, type RealChange, realChanges } from './real-changes.ts';

export interface GitTier {
  readonly repo: string;
  readonly changes: number;
  /** Chance of an injected breakage. */
  readonly p: number;
  readonly gateMs: number;
}

export interface GitFigures {
  readonly policy: string;
  readonly changes: number;
  readonly broken: number;
  readonly landed: number;
  readonly rejected: number;
  /** Did not fit what had landed: a resolver's, in a town. */
  readonly conflicts: number;
  readonly runs: number;
  readonly seconds: number;
  readonly landedPerMinute: number;
  /** This process and its gits. */
  readonly cpuSeconds: number;
  /** Of this process at the end, which is that of a Refinery function but for the ledger. */
  readonly rssMb: number;
  /** Broken changes on main at the end. */
  readonly red: number;
}

type Play = (
  world: World,
  submitted: readonly Submitted[],
  gate: Gate,
) => Promise<Pick<GitFigures, 'rejected' | 'conflicts'>>;
type Gate = (commit: Oid) => Promise<boolean>;

const policies: readonly {
  readonly name: string;
  readonly slots: number;
  readonly batchMax: number;
  readonly play: Play;
}[] = [
  { name: 'ours, 1 slot', slots: 1, batchMax: 64, play: throughRefinery },
  { name: 'ours, 4 slots', slots: 4, batchMax: 64, play: throughRefinery },
  { name: 'serial', slots: 1, batchMax: 1, play: throughRefinery },
  { name: 'batchAndHalve', slots: 1, batchMax: 8, play: byHalves },
];

export async function gitTier(tier: GitTier, say: (line: string) => void): Promise<GitFigures[]> {
  const found: GitFigures[] = [];
  const source = await openWorld();
  try {
    const changes = realChanges(source, tier.repo, tier.changes, tier.p);
    for (const policy of policies) found.push(await told(once(policy, tier, source, changes), say));
  } finally {
    await source.close();
  }
  return found;
}

async function told(run: Promise<GitFigures>, say: (line: string) => void): Promise<GitFigures> {
  const figures = await run;
  say(
    `${figures.policy}: ${figures.landed} of ${figures.changes} landed (${figures.broken} broken), ${figures.landedPerMinute.toFixed(0)} a minute, ` +
      `${figures.runs} runs, ${figures.cpuSeconds.toFixed(1)} s of processor, ${figures.rssMb} MB, ${figures.conflicts} conflicts, ${figures.red} broken on main`,
  );
  return figures;
}

async function once(
  policy: (typeof policies)[number],
  tier: GitTier,
  source: World,
  changes: readonly RealChange[],
): Promise<GitFigures> {
  const world = await openWorld({
    settings: {
      'refinery.gates.test': 'npm test',
      'refinery.slots': policy.slots,
      'refinery.batch_max': policy.batchMax,
    },
  });
  try {
    copied(source, world);
    const submitted: Submitted[] = [];
    for (const [n, { branch, broken }] of changes.entries())
      submitted.push(await world.submit(n + 1, broken ? { [`broken-${n}`]: 'injected\n' } : {}, { from: branch }));
    let runs = 0;
    const gate: Gate = async (commit) => {
      runs += 1;
      await sleep(tier.gateMs);
      return brokenIn(world, commit) === 0;
    };
    const [startedAt, cpu] = [performance.now(), cpuSeconds()];
    const played = await policy.play(world, submitted, gate);
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      policy: policy.name,
      changes: changes.length,
      broken: changes.filter(({ broken }: RealChange) => broken).length,
      landed: changes.length - played.rejected - played.conflicts,
      ...played,
      runs,
      seconds,
      landedPerMinute: ((changes.length - played.rejected - played.conflicts) / seconds) * 60,
      cpuSeconds: cpuSeconds() - cpu,
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
      red: brokenIn(world, 'refs/heads/main'),
    };
  } finally {
    await world.close();
  }
}

const brokenIn = (world: World, commit: string): number =>
  world.rig
    .git('ls-tree', '--name-only', commit)
    .split('\n')
    .filter((name) => name.startsWith('broken-')).length;

/** Its gates run beside each other; each verdict wakes it, as in a town. */
async function throughRefinery(world: World, submitted: readonly Submitted[], gate: Gate) {
  const running = new Map<string, Promise<string>>();
  world.hooks.gate = (job) => {
    const id = job.ref.split('/').at(-1) ?? job.ref;
    running.set(
      id,
      gate(job.commit).then(async (passed) => {
        await sayVerdict(world, job.commit, passed);
        return id;
      }),
    );
    return 'silent';
  };
  let at = performance.now();
  for (let idle = 0; idle < 30; ) {
    await world.run();
    const now = performance.now();
    world.pass(now - at);
    at = now;
    if ((await world.requests()).length === 0) break;
    if (running.size > 0) running.delete(await Promise.race(running.values()));
    else {
      idle += 1;
      world.pass(60_000);
      await world.tick();
    }
  }
  const ended = await world.ended();
  const conflicts = world.settled.filter(
    ({ outcome }) => outcome.kind === 'failed' && outcome.cause === 'conflict',
  ).length;
  const landed = ended.filter(({ state }) => state === 'landed').length;
  const rejected = ended.filter(({ state }) => state === 'rejected').length;
  if (landed + rejected > submitted.length) throw new Error('more ended than came');
  return { rejected, conflicts: Math.max(conflicts, submitted.length - landed - rejected) };
}

async function sayVerdict(world: World, commit: Oid, passed: boolean): Promise<void> {
  const candidate = (await world.candidates()).find(({ commit: of, state }) => of === commit && state === 'running');
  if (!candidate) return;
  const gates = [{ name: 'test', exitCode: passed ? 0 : 1, ms: 1, detail: passed ? '' : 'broken' }];
  await world.verdict(
    { candidate: candidate.id, gateRun: candidate.gateRun },
    { commit, result: passed ? 'passed' : 'failed', gates },
  );
}

/** As bors does, on the same port to git; keeps no record of what it does. */
async function byHalves(world: World, submitted: readonly Submitted[], gate: Gate) {
  const { repo } = world.deps;
  const { remote } = world.rig;
  const ref = 'refs/heads/main';
  let line = [...submitted];
  let conflicts = 0;
  let rejected = 0;
  const test = async (batch: readonly Submitted[]): Promise<void> => {
    const base = (await repo.readRef(remote, ref)) ?? '';
    const author = { name: 'Toast', email: 'toast@example.invalid', at: 0 };
    const links = batch.map(({ branch, head, bead }) => ({ branch, head, message: `${bead}\n`, author }));
    const chain = await repo.buildChain(remote, {
      base,
      links,
      strategy: 'squash',
      candidateRef: 'refs/gastown/bench/halves',
      onFault: 'leave_out',
    });
    if (!chain.ok) throw new Error(`not built: ${JSON.stringify(chain)}`);
    const out = new Set(chain.leftOut.map(({ link }) => link));
    for (const { link, why } of chain.leftOut) {
      const change = batch[link];
      if (change && 'with' in why && why.with === 'chain') line.push(change);
      else conflicts += 1;
    }
    const built = batch.filter((_, i) => !out.has(i));
    const to = chain.commits.at(-1)?.oid;
    if (to === undefined) return;
    if (await gate(to)) {
      await repo.pushWithLease(remote, { ref, from: base, to, timeoutMs: 60_000 });
      return;
    }
    if (built.length === 1) {
      rejected += 1;
      return;
    }
    const half = Math.ceil(built.length / 2);
    await test(built.slice(0, half));
    await test(built.slice(half));
  };
  while (line.length > 0) {
    const batch = line.slice(0, 8);
    line = line.slice(8);
    await test(batch);
  }
  return { rejected, conflicts };
}
