import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PullRequest } from '../../../core/ports.ts';
import { openWorld, type World } from './world.ts';

const reviewed = { 'refinery.gates.test': 'npm test', 'refinery.via': 'pr' };

interface Hosted extends PullRequest {
  readonly branch: string;
  readonly onto: string;
  comment?: string;
  state: PullRequest['state'];
  approved: boolean;
}

/** A host with pull requests; the test is its reviewers. */
function hostOf(world: World) {
  const prs: Hosted[] = [];
  const asked = { open: 0, close: 0 };
  world.hooks.pullRequests = {
    async open(_, { branch, onto }) {
      asked.open += 1;
      const open = prs.find((pr) => pr.branch === branch && pr.onto === onto && pr.state === 'open');
      if (open) return { ...open };
      const number = prs.length + 1;
      const url = `https://code.example/pull/${number}`;
      const head = world.rig.head(branch) ?? '';
      const made: Hosted = { number, url, state: 'open', approved: false, branch, onto, head };
      prs.push(made);
      return { ...made };
    },
    async read(_, number) {
      const found = prs[number - 1];
      return found && { ...found, head: world.rig.head(found.branch) ?? found.head };
    },
    async close(_, number, comment) {
      asked.close += 1;
      const found = prs[number - 1];
      if (found?.state !== 'open') return;
      found.state = 'closed';
      found.comment = comment;
    },
  };
  const pr = (number: number): Hosted => {
    const found = prs[number - 1];
    if (!found) throw new Error(`no pull request ${number}`);
    return found;
  };
  return { prs, pr, asked };
}

describe('a rig whose changes are reviewed as pull requests', () => {
  let world: World;
  let host: ReturnType<typeof hostOf>;
  beforeEach(async () => {
    world = await openWorld({ settings: reviewed });
    host = hostOf(world);
  });
  afterEach(async () => {
    await world.close();
  });
  const looked = async () => {
    world.pass(60_000);
    await world.tick();
    await world.run();
  };

  test('opens one for each change, and tests it only once it has its reviews', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect(host.prs).toMatchObject([{ branch: a.branch, onto: 'main', head: a.head, state: 'open' }]);
    expect((await world.requests())[0]?.because).toBe('waits for reviews: https://code.example/pull/1');
    expect(world.launches).toEqual([]);
    host.pr(1).approved = true;
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed' } }]);
    const main = world.rig.head('main') ?? '';
    expect(world.rig.subjects('main')[0]).toBe('Change number 1');
    expect(host.pr(1)).toMatchObject({
      state: 'closed',
      comment: `gr-abc123-1 landed on main as ${main.slice(0, 10)}`,
    });
    await looked();
    expect(host.asked).toEqual({ open: 1, close: 1 });
    expect(await world.ledger.get({ pk: 'QUEUE#green#main', sk: 'CLOSE#1' })).toBeUndefined();
  });

  test('lands what is approved while another waits, which holds up nobody', async () => {
    await world.submit(1, { 'a.txt': 'x' });
    const b = await world.submit(2, { 'b.txt': 'x' });
    await world.run();
    host.pr(2).approved = true;
    await world.settle(3);
    expect(world.settled).toMatchObject([{ bead: b.bead, outcome: { kind: 'landed' } }]);
    expect(await world.requests()).toMatchObject([{ because: 'waits for reviews: https://code.example/pull/1' }]);
  });

  test('asks once in a tick, and writes nothing while nothing has changed', async () => {
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    await looked();
    const { version } = (await world.requests())[0] ? ((await world.meta()) ?? { version: 0 }) : { version: 0 };
    const before = world.commits();
    await world.tick();
    expect(world.commits()).toBe(before);
    expect((await world.meta())?.version).toBe(version);
  });

  test('sends the change back when its pull request is closed without it', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    host.pr(1).state = 'closed';
    await looked();
    expect(world.settled).toMatchObject([
      { bead: a.bead, outcome: { kind: 'failed', detail: 'its pull request was closed: https://code.example/pull/1' } },
    ]);
  });

  test('does not test a head that nobody submitted, be it approved', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    world.rig.commit(a.branch, { 'a.txt': 'y' }, { from: a.branch });
    host.pr(1).approved = true;
    await looked();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { cause: 'branch_gone' } }]);
    expect(world.rig.subjects('main')).toHaveLength(1);
    await looked();
    expect(host.pr(1).comment).toMatch(/^gr-abc123-1 did not land: branch .* but .* was submitted$/);
  });

  test('counts a change that somebody merged by hand as landed, once', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    world.rig.git('update-ref', 'refs/heads/main', a.head);
    host.pr(1).state = 'merged';
    await world.settle(5);
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed', commit: a.head } }]);
    expect(world.launches).toEqual([]);
  });

  test('lands on while the host cannot be told, and tells it later', async () => {
    const { pullRequests } = world.hooks;
    if (!pullRequests) throw new Error('no host');
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    host.pr(1).approved = true;
    world.hooks.pullRequests = { ...pullRequests, close: () => Promise.reject(new Error('503')) };
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed' } }]);
    expect(host.pr(1).state).toBe('open');
    world.hooks.pullRequests = pullRequests;
    await looked();
    expect(host.pr(1).state).toBe('closed');
  });

  test('says why nothing moves when its town has no pull requests any more', async () => {
    delete world.hooks.pullRequests;
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(2);
    expect((await world.requests())[0]?.because).toMatch(
      /^refinery\.via is pr, but this town can open no pull requests/,
    );
    expect(world.launches).toEqual([]);
  });

  test('makes and closes no second one, wherever the process dies', async () => {
    for (let k = 1; ; k += 1) {
      const { deaths } = world.crash;
      world.crash.after = world.crash.calls + k;
      const { bead } = await world.submit(k, { [`f${k}.txt`]: 'x' });
      await world.run();
      for (let i = 0; i < 3; i += 1) {
        for (const pr of host.prs) pr.approved = true;
        await looked();
      }
      await world.settle();
      const heard = world.settled.filter((one) => one.bead === bead).map(({ outcome }) => outcome.kind);
      expect({ k, heard, prs: host.prs.length }).toEqual({ k, heard: ['landed'], prs: k });
      if (world.crash.deaths === deaths) break;
    }
    await looked();
    expect(host.prs.map(({ state }) => state)).toEqual(host.prs.map(() => 'closed'));
  }, 240_000);
});
