import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { failsOnBroken, openWorld, type World } from './world.ts';

// Real git, and a machine that may be busy.
jest.setTimeout(60_000);

describe('in the wrong moment', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    world.crash.dead = false;
    await world.close();
  });

  test('another tick that lands makes no rewrite of main of what this one has read before', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const [candidate] = await world.candidates();
    const verdict = { candidate: candidate?.id ?? '', gateRun: candidate?.gateRun ?? 0 };
    await world.submit(2, { 'b.txt': 'y' });
    const { changedPaths } = world.deps.repo;
    world.hooks.repo.changedPaths = async (remote, asked) => {
      world.hooks.repo = {};
      const found = await changedPaths(remote, asked);
      await world.verdict(verdict, { commit: candidate?.commit ?? '' });
      await world.tick();
      await world.submit(3, { 'c.txt': 'z' });
      return found;
    };
    await world.run();
    expect(await world.queue()).toMatchObject({ landedCount: 1 });
    expect((await world.queue())?.paused).toBeUndefined();
  });

  test('a town that is stopped pushes nothing, though the landing is written down; thawed, it lands', async () => {
    const { readRefs } = world.deps.repo;
    world.hooks.repo.readRefs = async (remote, refs) => {
      world.hooks.repo = {};
      await world.stopTown(true);
      return readRefs(remote, refs);
    };
    const main = world.rig.head('main');
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect(world.rig.head('main')).toBe(main);
    expect(await world.landings()).toMatchObject([{ state: 'open', tries: 1 }]);
    await world.stopTown(false);
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed' } }]);
  });

  test('a landing that a pause held until its pass had expired is tested again', async () => {
    const { readRefs } = world.deps.repo;
    world.hooks.repo.readRefs = async (remote, refs) => {
      world.hooks.repo = {};
      await world.stopTown(true);
      return readRefs(remote, refs);
    };
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(1);
    expect(await world.landings()).toMatchObject([{ state: 'open' }]);
    world.pass(2 * 24 * 3_600_000);
    await world.stopTown(false);
    await world.settle();
    expect(await world.queue()).toMatchObject({ runsCount: 2, landedCount: 1 });
  });

  test('a run of main with gates that are not the rig’s any more pauses nothing', async () => {
    await world.configure({ 'refinery.gates.test': 'nonsense', 'refinery.slots': 1 });
    const ofMain = async () => (await world.candidates()).find((candidate) => candidate.ofMain);
    const broken = failsOnBroken(world);
    world.hooks.gate = (job) => (job.commit === world.rig.head('main') ? 'silent' : broken(job));
    await world.submit(1, { broken: 'x' });
    await world.settle(3);
    const check = await ofMain();
    expect(check?.state).toBe('running');
    await world.configure({ 'refinery.gates.test': 'npm test', 'refinery.slots': 1 });
    await world.verdict(
      { candidate: check?.id ?? '', gateRun: check?.gateRun ?? 0 },
      { commit: check?.commit ?? '', result: 'failed', gates: [{ name: 'test', exitCode: 127, ms: 1, detail: '' }] },
    );
    await world.settle(3);
    expect((await world.queue())?.paused).toBeUndefined();
  });
});

describe('when CI is required', () => {
  test('and no check is any more, main is not checked for ever, and a human hears of it', async () => {
    const world = await openWorld({ settings: { 'refinery.require_ci': true } });
    world.hooks.required = ['build'];
    const main = world.rig.head('main');
    world.hooks.checksOf = (commit) => [
      { name: 'build', state: commit === main ? 'pending' : 'failure', reportedAt: 1 },
    ];
    await world.submit(1, { 'a.txt': 'x' });
    for (let i = 0; i < 10 && !(await world.candidates()).some(({ ofMain }) => ofMain); i += 1) await world.settle(1);
    world.hooks.required = [];
    let reads = 0;
    const counting: World['deps']['repo']['readRef'] = async (...asked) => {
      reads += 1;
      if (reads > 50) world.pass(300_000);
      delete world.hooks.repo.readRef;
      const found = await world.deps.repo.readRef(...asked);
      world.hooks.repo.readRef = counting;
      return found;
    };
    world.hooks.repo.readRef = counting;
    await world.settle(2);
    expect(reads).toBeLessThan(50);
    expect(await world.queue()).toMatchObject({ blocked: expect.stringContaining('no check is required') });
    await world.close();
  });
});
