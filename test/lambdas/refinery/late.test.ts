/** A landing that was given up arrives when its bead has gone on: main has the bead's change, and takes no other of it. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Repo } from '../../../core/ports.ts';
import { makeGitRepo } from '../../../git/repo.ts';
import { rejectMergeRequest } from '../../../lambdas/refinery/commands.ts';
import { openWorld, type Submitted, type World } from './world.ts';

// Real git, and a machine that may be busy.
jest.setTimeout(60_000);

describe('one bead lands once, in whichever attempt', () => {
  let world: World;
  let real: Repo;
  let first: Submitted;
  /** The push of the first attempt reaches the remote. */
  let arrive: () => Promise<void>;

  /** Attempt 1 was pushed, nobody knows whether it arrived, and it has left the queue since. */
  beforeEach(async () => {
    world = await openWorld();
    real = makeGitRepo({ cacheDir: `${world.rig.dir}/other`, clock: world.plain.clock });
    world.hooks.repo.pushWithLease = async (remote, push) => {
      arrive = async () => {
        expect(await real.pushWithLease(remote, push)).toEqual({ pushed: 'yes' });
      };
      return { pushed: 'unknown', text: 'no answer' };
    };
    first = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    expect(await world.queue()).toMatchObject({ givenUp: [1] });
    await rejectMergeRequest(world.plain, first.bead, { by: 'ada', because: 'not like this' });
    await world.run();
    expect(world.settled).toMatchObject([{ attempt: 1, outcome: { kind: 'failed' } }]);
    world.settled.length = 0;
    // The queue rests after such a landing.
    world.pass(120_000);
    delete world.hooks.repo.pushWithLease;
    world.hooks.beadsAreDeaf = true;
  });
  afterEach(() => world.close());

  const onlyTheFirst = async (): Promise<void> => {
    const commit = world.rig.head('main');
    expect(world.rig.subjects('main').filter((subject) => subject === 'Change number 1')).toHaveLength(1);
    expect(world.settled).toEqual([{ bead: first.bead, attempt: 1, outcome: { kind: 'landed', commit } }]);
    const ended = (await world.ended()).map(({ attempt, state }) => [attempt, state]);
    expect(ended).toEqual([
      [1, 'rejected'],
      [2, 'withdrawn'],
    ]);
    expect((await world.queue())?.givenUp).toBeUndefined();
  };

  test('though the next attempt is under test when the first is found on main', async () => {
    world.hooks.gate = () => 'silent';
    await world.resubmit(first, { 'other.txt': 'x' });
    await world.run();
    expect(world.launches).toHaveLength(2);
    await arrive();
    world.hooks.gate = () => ({});
    await world.settle();
    await onlyTheFirst();
  });

  test('though the next attempt is handed in after that, and the bead has not heard of it yet', async () => {
    await arrive();
    world.pass(60_000);
    await world.tick();
    await world.resubmit(first, { 'other.txt': 'x' });
    await world.settle();
    await onlyTheFirst();
  });

  test('though the first arrives between the record of the next one’s landing and its push', async () => {
    world.hooks.repo.pushWithLease = async (remote, push) => {
      delete world.hooks.repo.pushWithLease;
      await arrive();
      return real.pushWithLease(remote, push);
    };
    await world.resubmit(first, { 'other.txt': 'x' });
    await world.settle();
    await onlyTheFirst();
    // One for each attempt: nothing was built on the first and tested again.
    expect(world.launches).toHaveLength(2);
  });

  test('though the next attempt’s pass is taken on a main that the first has just moved', async () => {
    world.hooks.gate = () => 'silent';
    await world.resubmit(first, { 'other.txt': 'x' });
    await world.run();
    const { readRefs } = real;
    world.hooks.repo.readRefs = async (remote, refs) => {
      // The pass reads main together with the branches of what it is to land.
      if (refs.length > 1) {
        delete world.hooks.repo.readRefs;
        await arrive();
      }
      return readRefs(remote, refs);
    };
    const [candidate] = await world.candidates();
    await world.verdict(
      { candidate: candidate?.id ?? '', gateRun: candidate?.gateRun ?? 0 },
      { commit: candidate?.commit ?? '' },
    );
    world.hooks.gate = () => ({});
    await world.settle();
    await onlyTheFirst();
    expect((await world.queue())?.foreignPushes).toBe(0);
  });

  test('though the record of the first is lost, if the next attempt adds nothing to it', async () => {
    await arrive();
    const meta = await world.meta();
    const { givenUp: _, ...body } = (meta?.body ?? {}) as Record<string, never>;
    if (meta)
      await world.ledger.commit({
        id: world.deps.ids.ulid(),
        changes: [{ put: { pk: meta.pk, sk: meta.sk, body }, expect: { version: meta.version } }],
      });
    await world.resubmit(first, { 'a.txt': 'x' });
    await world.settle();
    const commit = world.rig.head('main');
    expect(world.settled).toEqual([{ bead: first.bead, attempt: 2, outcome: { kind: 'landed', commit } }]);
  });
});

test('of two given-up landings on one way the longer is recorded, once for both', async () => {
  const world = await openWorld();
  try {
    const real = makeGitRepo({ cacheDir: `${world.rig.dir}/other`, clock: world.plain.clock });
    const pushes: (() => Promise<unknown>)[] = [];
    world.hooks.repo.pushWithLease = async (remote, push) => {
      pushes.push(() => real.pushWithLease(remote, push));
      return { pushed: 'unknown', text: 'no answer' };
    };
    await world.submit(1, { 'a.txt': 'x' });
    const second = await world.submit(2, { 'b.txt': 'y' });
    await world.run();
    await rejectMergeRequest(world.plain, second.bead, { by: 'ada', because: 'not like this' });
    await world.settle(3);
    const members = (await world.landings())
      .filter(({ state }) => state === 'given_up')
      .map((one) => one.members.length);
    expect([members[0], members.at(-1), (await world.queue())?.givenUp?.length]).toEqual([2, 1, 2]);
    delete world.hooks.repo.pushWithLease;
    await pushes[0]?.();
    await world.settle();
    expect(await world.queue()).toMatchObject({ landedCount: 2 });
    expect((await world.queue())?.givenUp).toBeUndefined();
    expect(world.settled.filter(({ outcome }) => outcome.kind === 'landed')).toHaveLength(2);
  } finally {
    await world.close();
  }
});

test('a push without an answer is looked for, though the remote has refused the one after it', async () => {
  const world = await openWorld();
  try {
    const real = makeGitRepo({ cacheDir: `${world.rig.dir}/other`, clock: world.plain.clock });
    let arrive: (() => Promise<unknown>) | undefined;
    world.hooks.repo.pushWithLease = async (remote, push) => {
      if (arrive) return { pushed: 'rejected', text: 'protected branch' };
      arrive = () => real.pushWithLease(remote, push);
      return { pushed: 'unknown', text: 'no answer' };
    };
    const { bead } = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    expect((await world.queue())?.paused?.because).toContain('protected branch');
    await arrive?.();
    world.pass(60_000);
    await world.tick();
    await world.run();
    const commit = world.rig.head('main');
    expect(world.settled).toEqual([{ bead, attempt: 1, outcome: { kind: 'landed', commit } }]);
  } finally {
    await world.close();
  }
});
