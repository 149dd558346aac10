import { renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { failsOnBroken, openWorld, type World } from './world.ts';

// Real git, and a machine that may be busy.
jest.setTimeout(60_000);

describe('the Refinery on a real repository', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    await world.close();
  });

  test('a change whose gates pass is one squash commit on main, with its trailers, and its bead hears of it', async () => {
    const a = await world.submit(1, { 'a.txt': 'ONE\ntwo\nthree\n' });
    await world.settle();
    const main = world.rig.head('main') ?? '';
    expect(world.rig.show('main', 'a.txt')).toBe('ONE\ntwo\nthree');
    expect(world.rig.git('log', '-1', '--format=%an|%cn|%B', main)).toBe(
      `Toast|Gas Town Refinery|Change number 1\n\nBead: ${a.bead}\nConvoy: abc123\nAttempt: 1`,
    );
    expect(world.settled).toEqual([{ bead: a.bead, attempt: 1, outcome: { kind: 'landed', commit: main } }]);
    expect(await world.bead(a.bead)).toMatchObject({ status: 'closed', closedReason: 'merged', commit: main });
  });

  test('what lands is the very commit that was tested', async () => {
    const tested: string[] = [];
    world.hooks.gate = (job) => {
      tested.push(job.commit);
      return {};
    };
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    expect(tested).toEqual([world.rig.head('main')]);
  });

  test('two changes land in order, the urgent one first', async () => {
    await world.submit(1, { 'a.txt': 'x' }, { priority: 4 });
    await world.submit(2, { 'b.txt': 'y' }, { priority: 0 });
    await world.settle();
    expect(world.rig.subjects('main').slice(0, 2)).toEqual(['Change number 1', 'Change number 2']);
    expect(await world.queue()).toMatchObject({ landedCount: 2, runsCount: 2 });
  });

  test('afterwards nothing is left: no refs, no candidates, no attention, and an idle tick writes nothing', async () => {
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    expect(world.rig.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    expect(await world.candidates()).toEqual([]);
    expect((await world.meta())?.attentionAt).toBeUndefined();
    const commits = world.commits();
    await world.tick();
    expect(world.commits()).toBe(commits);
  });

  test('while a gate runs, a tick that finds nothing new writes nothing, and the queue is looked at again in time', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    expect((await world.meta())?.attentionAt).toBeGreaterThan(world.plain.clock.now());
    const commits = world.commits();
    await world.tick();
    expect(world.commits()).toBe(commits);
  });

  test('a change that fails its gate is rejected, with gate and exit code, and main is untouched', async () => {
    world.hooks.gate = failsOnBroken(world);
    const before = world.rig.head('main');
    const a = await world.submit(1, { broken: 'yes' });
    await world.settle();
    expect(world.rig.head('main')).toBe(before);
    expect(world.settled).toEqual([
      {
        bead: a.bead,
        attempt: 1,
        outcome: { kind: 'failed', cause: 'gate_failed', detail: 'gate test failed: exit 3: broken' },
      },
    ]);
    expect(await world.ended()).toMatchObject([{ bead: a.bead, state: 'rejected' }]);
  });

  test('nobody is blamed for one run, nor before main itself has passed: the change runs again, then main', async () => {
    const main = world.rig.head('main');
    const commits: string[] = [];
    world.hooks.gate = (job) => {
      commits.push(job.commit);
      return failsOnBroken(world)(job);
    };
    await world.submit(1, { broken: 'yes' });
    await world.settle();
    const [first = '', again = '', third] = commits;
    expect(commits).toHaveLength(3);
    expect(third).toBe(main);
    // Another commit of the same tree: what CI said of the first is not taken for the second.
    expect(again).not.toBe(first);
    expect(world.rig.git('rev-parse', `${again}^{tree}`)).toBe(world.rig.git('rev-parse', `${first}^{tree}`));
  });

  test('a failure on a main that has just passed costs no run of main', async () => {
    const commits: string[] = [];
    world.hooks.gate = (job) => {
      commits.push(job.commit);
      return failsOnBroken(world)(job);
    };
    await world.submit(1, { 'a.txt': 'fine' });
    await world.settle();
    const main = world.rig.head('main') ?? '';
    await world.submit(2, { broken: 'yes' });
    await world.settle();
    expect(await world.queue()).toMatchObject({ runsCount: 3, landedCount: 1 });
    expect(commits.slice(1)).not.toContain(main);
    expect(world.settled.map(({ outcome }) => outcome.kind)).toEqual(['landed', 'failed']);
  });

  test('what was rejected since the last pass is taken back when main turns out red, and a human hears of it', async () => {
    world.hooks.gate = failsOnBroken(world);
    await world.configure({ 'refinery.gates.test': 'npm test', 'refinery.slots': 1 });
    await world.submit(1, { 'a.txt': 'good' });
    await world.settle();
    world.settled.length = 0;
    // Main breaks by what no gate sees at first: from now on every run fails.
    world.hooks.gate = () => ({ result: 'failed', gates: [{ name: 'test', exitCode: 3, ms: 5, detail: 'red' }] });
    const b = await world.submit(2, { 'b.txt': 'innocent' });
    await world.settle(5);
    expect(world.settled).toMatchObject([{ bead: b.bead, outcome: { cause: 'gate_failed' } }]);
    await world.submit(3, { 'c.txt': 'innocent too' });
    await world.settle(8);
    expect(world.settled).toMatchObject([
      { bead: b.bead, attempt: 1, outcome: { cause: 'gate_failed' } },
      { bead: b.bead, attempt: 1, outcome: { kind: 'failed', cause: 'red_main' } },
    ]);
    const red = (await world.escalations()).find(({ title }) => title === 'green main is red');
    expect(JSON.stringify(red)).toContain(
      `What was rejected since the last pass is taken back, and goes on from what it had pushed: ${b.bead}.`,
    );
    expect((await world.queue())?.rejectedSincePass).toBeUndefined();
    expect((await world.bead(b.bead))?.outcome).toMatchObject({ cause: 'red_main' });
  });

  test('when main itself is red the queue pauses, nobody is blamed, and a human is told', async () => {
    world.rig.commit('main', { broken: 'yes' });
    world.hooks.gate = failsOnBroken(world);
    const a = await world.submit(1, { 'a.txt': 'innocent' });
    await world.settle(3);
    expect(world.settled).toEqual([]);
    expect(await world.queue()).toMatchObject({ paused: { by: 'refinery' } });
    expect(await world.requests()).toMatchObject([{ bead: a.bead, state: 'queued' }]);
    expect((await world.escalations()).map(({ title }) => title)).toEqual(['green main is red']);
    expect(world.notified).toHaveLength(1);
  });

  test('a change that conflicts with main, and whose agent cannot resolve it, goes back with the paths', async () => {
    const a = await world.submit(1, { 'a.txt': 'mine\n' });
    world.rig.commit('main', { 'a.txt': 'theirs\n' });
    await world.settle();
    expect(world.settled).toMatchObject([
      { bead: a.bead, outcome: { cause: 'conflict', detail: expect.stringContaining('a.txt') } },
    ]);
    expect(world.launches).toHaveLength(0);
  });

  test('a branch deleted under us fails its bead, and the next change lands', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' }, { priority: 0 });
    await world.submit(2, { 'b.txt': 'y' });
    world.rig.git('update-ref', '-d', `refs/heads/${a.branch}`);
    await world.settle();
    expect(
      world.settled.map(({ bead, outcome }) => [bead, outcome.kind === 'failed' ? outcome.cause : outcome.kind]),
    ).toEqual([
      [a.bead, 'branch_gone'],
      ['gr-abc123-2', 'landed'],
    ]);
  });

  test('a branch that moved after it was submitted does not land, though its old head passed', async () => {
    const before = world.rig.head('main');
    let branch = '';
    world.hooks.gate = () => {
      world.rig.commit(branch, { 'evil.txt': 'x' }, { from: branch });
      return {};
    };
    const a = await world.submit(1, { 'a.txt': 'x' });
    branch = a.branch;
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { cause: 'branch_gone' } }]);
    expect(world.rig.head('main')).toBe(before);
  });

  test('a change that adds nothing is not counted as merged', async () => {
    const a = await world.submit(1, {});
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'failed', cause: 'empty_result' } }]);
  });

  test('a change that main has by a landing that the record lost is landed, not failed', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    const tree = world.rig.git('rev-parse', `${a.head}^{tree}`);
    const main = world.rig.head('main') ?? '';
    const commit = world.rig.git(
      ...['-c', 'user.name=R', '-c', 'user.email=r@example.invalid', 'commit-tree', tree, '-p', main],
      ...['-m', `Change number 1\n\nBead: ${a.bead}\nAttempt: 1`],
    );
    world.rig.git('update-ref', 'refs/heads/main', commit);
    await world.settle();
    expect(world.settled).toEqual([{ bead: a.bead, attempt: 1, outcome: { kind: 'landed', commit } }]);
  });

  test('a push by someone else between test and landing is never overwritten: the change is tested again, and lands once', async () => {
    let pushed = false;
    world.hooks.gate = () => {
      if (!pushed) world.rig.commit('main', { 'foreign.txt': 'x' });
      pushed = true;
      return {};
    };
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    expect(world.rig.subjects('main').slice(0, 2)).toEqual(['Change number 1', 'work on main']);
    expect(world.launches).toHaveLength(2);
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed' } }]);
  });

  test('a push by someone else in the very moment of ours breaks the lease: rebuilt, and landed once', async () => {
    const { pushWithLease } = makeReal(world);
    let raced = false;
    world.hooks.repo.pushWithLease = async (remote, push) => {
      if (!raced) {
        raced = true;
        world.rig.commit('main', { 'foreign.txt': 'x' });
      }
      return pushWithLease(remote, push);
    };
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    expect(world.rig.subjects('main').slice(0, 2)).toEqual(['Change number 1', 'work on main']);
    expect((await world.landings()).map(({ state }) => state)).toEqual(['given_up', 'done']);
  });

  test('five foreign pushes in a row are told to a human', async () => {
    let pushes = 0;
    world.hooks.gate = () => {
      pushes += 1;
      if (pushes <= 5) world.rig.commit('main', { 'foreign.txt': String(pushes) });
      return {};
    };
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
    expect(pushes).toBe(6);
    const told = await world.escalation('queue/green/main/foreign-pushes');
    // It closed by itself once the change had landed.
    expect(told).toMatchObject({ severity: 'medium', title: 'Others keep moving green main', closedBy: 'town' });
  });

  test('when main was rewritten the queue pauses, names the lost beads, and lands nothing by itself', async () => {
    const old = world.rig.head('main') ?? '';
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    world.rig.git('update-ref', 'refs/heads/main', old);
    await world.submit(2, { 'b.txt': 'y' });
    await world.settle(3);
    expect(world.rig.head('main')).toBe(old);
    expect((await world.queue())?.paused?.because).toMatch(/^main was rewritten/);
    const [escalation] = await world.escalations();
    expect(escalation).toMatchObject({ severity: 'high', title: 'green main was rewritten' });
    expect(escalation?.body).toContain(a.bead);
  });

  test.each(['every push', 'pushes to main'])(
    'a remote whose hook refuses %s pauses the queue, with what the hook said',
    async (what) => {
      const refuse = 'echo "main is frozen until Monday" >&2; exit 1';
      world.rig.hook(
        'pre-receive',
        what === 'every push'
          ? refuse
          : `while read old new ref; do if [ "$ref" = refs/heads/main ]; then ${refuse}; fi; done`,
      );
      // The polecat's own branch is written behind the hook's back.
      world.rig.git('config', 'core.hooksPath', '/dev/null');
      const a = await world.submit(1, { 'a.txt': 'x' });
      world.rig.git('config', '--unset', 'core.hooksPath');
      await world.settle(3);
      expect((await world.queue())?.paused?.because).toContain('main is frozen until Monday');
      expect((await world.escalations())[0]?.body).toContain('main is frozen until Monday');
      expect(await world.requests()).toMatchObject([{ bead: a.bead, state: 'queued' }]);
    },
  );

  test('a push that is answered with silence but arrived has landed, once', async () => {
    const { pushWithLease } = makeReal(world);
    let pushes = 0;
    world.hooks.repo.pushWithLease = async (remote, push) => {
      pushes += 1;
      await pushWithLease(remote, push);
      return { pushed: 'unknown', text: 'no answer before the deadline' };
    };
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    expect(pushes).toBe(1);
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
    expect(await world.queue()).toMatchObject({ landedCount: 1 });
  });

  test('a push that arrives after its landing was given up has landed, once', async () => {
    const { pushWithLease } = makeReal(world);
    let late: (() => Promise<unknown>) | undefined;
    world.hooks.repo.pushWithLease = async (remote, push) => {
      late ??= () => pushWithLease(remote, push);
      return { pushed: 'unknown', text: 'no answer before the deadline' };
    };
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    expect(await world.queue()).toMatchObject({ givenUp: [1] });
    await late?.();
    delete world.hooks.repo.pushWithLease;
    await world.settle();
    expect(world.settled).toEqual([
      { bead: a.bead, attempt: 1, outcome: { kind: 'landed', commit: world.rig.head('main') } },
    ]);
    expect(await world.queue()).toMatchObject({ landedCount: 1 });
    expect((await world.queue())?.givenUp).toBeUndefined();
    expect(world.rig.subjects('main').filter((subject) => subject === 'Change number 1')).toHaveLength(1);
  });

  test('a remote that is gone for a while delays the landing, blames nobody, and is told of', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    renameSync(world.rig.remote.url, `${world.rig.remote.url}.away`);
    await world.run();
    expect((await world.queue())?.trouble?.times).toBe(1);
    for (let i = 0; i < 30; i += 1) {
      world.pass(60_000);
      await world.tick();
    }
    expect((await world.escalations()).map(({ title }) => title)).toEqual(['The Refinery of green main cannot work']);
    renameSync(`${world.rig.remote.url}.away`, world.rig.remote.url);
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed' } }]);
    expect(await world.escalations()).toEqual([]);
  });
});

/** The port as the world made it, to wrap: hooks set later do not change it. */
function makeReal(world: World) {
  const { pushWithLease } = world.deps.repo;
  return {
    pushWithLease: async (...args: Parameters<typeof pushWithLease>) => {
      const hook = world.hooks.repo.pushWithLease;
      delete world.hooks.repo.pushWithLease;
      try {
        return await pushWithLease(...args);
      } finally {
        if (hook) world.hooks.repo.pushWithLease = hook;
      }
    },
  };
}
