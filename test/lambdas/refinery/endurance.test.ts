/** What must not stop the queue, nor have it run in circles: outages, one change that spoils it for all, people who wait. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { RepoUnreachable } from '../../../core/errors.ts';
import type { ChainRequest, PullRequest, Remote } from '../../../core/ports.ts';
import { makeGitRepo } from '../../../git/repo.ts';
import { retryMergeRequest } from '../../../lambdas/refinery/commands.ts';
import { openWorld, type World } from './world.ts';

// Real git, and a machine that may be busy.
jest.setTimeout(120_000);

let world: World;
afterEach(() => world.close());

const settings = (more: Readonly<Record<string, string>>) => ({
  settings: { 'refinery.gates.test': 'npm test', ...more },
});

async function minutes(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    world.pass(60_000);
    await world.tick();
    await world.run();
  }
}

describe('an outage', () => {
  test('of pushes: one landing is looked for, however often it was tried, and when one arrives all hear of it', async () => {
    world = await openWorld();
    const changes = 12;
    for (let i = 1; i <= changes; i += 1) await world.submit(i, { [`f${i}.txt`]: 'x' });
    world.hooks.repo.pushWithLease = async () => ({ pushed: 'unknown', text: 'Internal Server Error' });
    await minutes(12);
    expect((await world.queue())?.epoch).toBeGreaterThan(3);
    expect((await world.queue())?.givenUp).toHaveLength(1);
    delete world.hooks.repo.pushWithLease;
    await world.settle(10);
    expect(world.settled.map(({ outcome }) => outcome.kind)).toEqual(Array(changes).fill('landed'));
    expect(await world.queue()).not.toHaveProperty('givenUp');
  });

  test('while a landing is open rests as long as any other: nothing is asked of the remote in a row', async () => {
    world = await openWorld();
    await world.submit(1, { 'a.txt': 'x' });
    let asked = 0;
    world.hooks.repo.pushWithLease = async () => {
      world.hooks.repo.readRef = async () => {
        asked += 1;
        throw new RepoUnreachable('connection refused');
      };
      return { pushed: 'unknown', text: 'connection refused' };
    };
    await minutes(3);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(10);
  });
});

describe('a change', () => {
  test('that git cannot build lets the others land, and waits for a human in the end', async () => {
    world = await openWorld();
    const real = makeGitRepo({ cacheDir: `${world.rig.dir}/another-cache`, clock: world.plain.clock });
    const poison = await world.submit(1, { 'a.txt': 'x' });
    const isPoisoned = ({ links }: ChainRequest): boolean => links.some(({ head }) => head === poison.head);
    world.hooks.repo.buildChain = async (remote: Remote, request: ChainRequest) => {
      if (isPoisoned(request)) throw new RepoUnreachable('merging a into b: no answer in time');
      return real.buildChain(remote, request);
    };
    await world.tick();
    for (let i = 2; i < 5; i += 1) await world.submit(i, { [`f${i}.txt`]: 'x' });
    await minutes(60);
    expect(await world.queue()).toMatchObject({ landedCount: 3 });
    expect(await world.requests()).toMatchObject([{ bead: poison.bead, held: true }]);
    const title = `${poison.bead} cannot be built on green main`;
    expect((await world.escalations()).filter((alarm) => alarm.title === title)).toHaveLength(1);
    world.hooks.repo.buildChain = real.buildChain;
    await retryMergeRequest(world.plain, poison.bead, 'ada');
    await world.settle(5);
    expect(await world.queue()).toMatchObject({ landedCount: 4 });
    expect((await world.escalations()).filter((alarm) => alarm.title === title)).toEqual([]);
  });

  test('that waits for another takes nobody’s place, though one change is tested at a time', async () => {
    world = await openWorld(settings({ 'refinery.slots': '1', 'refinery.batch_max': '1' }));
    const b = await world.submit(1, { 'a.txt': 'x' }, { priority: 3 });
    await world.submit(2, { 'b.txt': 'y' }, { priority: 1, from: b.branch });
    await world.settle(10);
    expect(await world.queue()).toMatchObject({ landedCount: 2 });
  });

  test('to CI that waits for a human holds up nobody, and its letter is over with the human’s word', async () => {
    world = await openWorld(
      settings({ 'refinery.slots': '1', 'refinery.batch_max': '1', 'refinery.ci_changes': 'human' }),
    );
    const held = await world.submit(1, { '.github/workflows/x.yml': 'x' });
    await world.submit(2, { 'c.txt': 'z' });
    await world.settle(10);
    expect(await world.queue()).toMatchObject({ landedCount: 1 });
    expect((await world.escalations()).map(({ title }) => title)).toEqual([`${held.bead} changes how green is tested`]);
    await retryMergeRequest(world.plain, held.bead, 'ada');
    await world.settle(10);
    expect(await world.queue()).toMatchObject({ landedCount: 2 });
    expect(await world.escalations()).toEqual([]);
  });

  test.each([
    ['was taken back', { approved: false }, 'queued'],
    ['was closed', { approved: false, state: 'closed' as const }, 'rejected'],
  ])('whose review %s while it was tested does not land', async (_how, more, state) => {
    world = await openWorld(settings({ 'refinery.via': 'pr' }));
    let pull: PullRequest | undefined;
    world.hooks.pullRequests = {
      open: async (_remote, { branch }) => {
        pull ??= { number: 7, url: 'http://pr/7', head: world.rig.head(branch) ?? '', state: 'open', approved: true };
        return pull;
      },
      read: async () => pull,
      close: async () => undefined,
    };
    world.hooks.gate = () => {
      pull = pull && { ...pull, ...more };
      return {};
    };
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(5);
    expect((await world.queue())?.landedCount).toBe(0);
    const open = await world.requests();
    expect(state === 'queued' ? open : world.settled).toMatchObject([
      state === 'queued' ? { state, review: { approved: false } } : { outcome: { cause: 'gate_failed' } },
    ]);
  });
});

test('one flake of the check of main stops nobody: it is run once more', async () => {
  world = await openWorld(settings({ 'refinery.slots': '1' }));
  let ofMain = 0;
  world.hooks.gate = ({ commit }) => {
    const isMain = commit === world.rig.head('main');
    if (isMain) ofMain += 1;
    return isMain && ofMain > 1
      ? {}
      : { result: 'failed', gates: [{ name: 'test', exitCode: 3, ms: 5, detail: 'no' }] };
  };
  const a = await world.submit(1, { 'a.txt': 'bad' });
  await world.settle(10);
  expect(ofMain).toBe(2);
  expect((await world.queue())?.paused).toBeUndefined();
  expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { cause: 'gate_failed' } }]);
});
