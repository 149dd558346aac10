import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pauseQueue, retryMergeRequest } from '../../../lambdas/refinery/commands.ts';
import { changeView, queueView } from '../../../lambdas/refinery/queue-view.ts';
import { openWorld, type Submitted, type World } from './world.ts';

describe('a merge queue as people see it', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ settings: { 'refinery.gates.test': 'npm test', 'refinery.slots': 1 } });
    world.hooks.gate = () => 'silent';
  });
  afterEach(async () => {
    await world.close();
  });
  const seen = async () => {
    const picture = await queueView(world.plain, 'green', 'main');
    if (!picture) throw new Error('no queue');
    return picture;
  };
  const change = async ({ seq }: Submitted) => {
    const found = await changeView(world.plain, 'green', 'main', seq);
    if (!found) throw new Error(`no change ${seq}`);
    return found;
  };
  const three = async () => {
    const first = await world.submit(1, { 'a.txt': 'x' });
    const second = await world.submit(2, { 'b.txt': 'y' });
    const third = await world.submit(3, { 'c.txt': 'z' });
    return [first, second, third] as const;
  };
  /** The verdict of the only run under way; main itself always passes. */
  const answer = async (of: 'passed' | 'failed') => {
    const running = (await world.candidates()).find(({ state }) => state === 'running');
    const { id = '', gateRun = 0, commit = '', ofMain } = running ?? {};
    const result = ofMain ? 'passed' : of;
    const gates = [{ name: 'test', exitCode: result === 'passed' ? 0 : 3, ms: 5, detail: '' }];
    const evidence = result === 'failed' ? 'e'.repeat(64) : undefined;
    await world.verdict({ candidate: id, gateRun }, { commit, result, gates, ...(evidence ? { evidence } : {}) });
    await world.run();
  };

  test('says what is tested on what, and which slots that takes', async () => {
    const [first] = await three();
    await world.run();
    const { account } = await seen();
    expect(account.slots).toEqual({ total: 1, used: 1 });
    expect(account.runs).toMatchObject([{ state: 'running', chain: '1' }]);
    const main = world.rig.git('rev-parse', 'main').trim().slice(0, 10);
    expect(account.runs[0]?.about).toMatch(new RegExp(`^${first.bead}.* on main at ${main}$`));
    expect(account.chains[0]?.about).toContain('nothing failed so far');
  });

  test('after a failure everyone in it is a suspect, by chances that leave room for nobody', async () => {
    await three();
    await world.run();
    await answer('failed');
    const { account, open } = await seen();
    const suspects = open.filter(({ state }) => state === 'suspect');
    expect(suspects.length).toBeGreaterThan(0);
    const [chain] = account.chains;
    const sum = chain?.blame.reduce((all, { chance }) => all + chance, 0) ?? 0;
    expect(sum).toBeGreaterThan(0.8);
    expect(sum).toBeLessThan(1);
    expect(chain?.about).toContain('to blame:');
    for (const { bead, blame, because } of suspects) {
      expect(chain?.blame.find((one) => one.bead === bead)?.chance).toBe(blame);
      expect(because).toContain(`to blame by ${Math.round(100 * (blame ?? 0))}%`);
    }
  });

  test('a suspect hears what failed with whom, how likely it is to be to blame, and where its evidence is', async () => {
    const all = await three();
    await world.run();
    const content = (await world.candidates())[0]?.members.map(({ bead }) => bead) ?? [];
    await answer('failed');
    const suspect = all.find(({ bead }) => bead === content[0]) ?? all[0];
    const seenOf = await change(suspect);
    expect(seenOf).toMatchObject({ state: 'suspect', evidence: 'e'.repeat(64) });
    expect(seenOf.failures).toMatchObject([{ with: content.slice(1), because: expect.stringContaining('exit 3') }]);
    expect(seenOf.account).toContain('1 run failed with it');
    expect(seenOf.account).toMatch(/The chance that it is .* is \d+%/);
    expect(seenOf.todo).toContain(`gt mq log ${suspect.bead}`);
  });

  test('a change that is likely to blame is promised no landing', async () => {
    const bad = await world.submit(1, { broken: 'x' });
    await world.run();
    expect((await change(bad)).account).toContain('If it passes, it lands');
    await answer('failed');
    const [own] = (await seen()).open;
    expect(own).toMatchObject({ state: 'suspect', bead: bad.bead });
    expect(own?.blame).toBeGreaterThan(0.5);
    expect(own?.landsAt).toBeUndefined();
  });

  test('a landed change says where it is, a rejected one why it left and where its bead is', async () => {
    const good = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    await answer('passed');
    expect((await change(good)).account).toMatch(/landed on main as [0-9a-f]{10}/);
    const bad = await world.submit(2, { broken: 'x' });
    await world.run();
    for (let runs = 0; runs < 6 && (await world.requests()).length > 0; runs += 1) await answer('failed');
    const ended = await change(bad);
    expect(ended).toMatchObject({
      state: 'rejected',
      evidence: 'e'.repeat(64),
      todo: expect.arrayContaining([`gt mq log ${bad.bead}`]),
    });
    expect(ended.account).toContain(`gt why ${bad.bead}`);
  });

  test('once something ran, every change has a time at which it may land, and those behind have later ones', async () => {
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    world.pass(20_000);
    await answer('passed');
    await world.submit(2, { 'b.txt': 'x' });
    await world.run();
    await world.submit(3, { 'c.txt': 'x' });
    const { open } = await seen();
    const times = open.map(({ landsAt = 0 }) => landsAt - world.deps.clock.now());
    expect(times[0]).toBeGreaterThan(10_000);
    expect(times[1]).toBeGreaterThan(times[0] ?? 0);
  });

  test('a paused queue says who paused it and how to go on, and promises nothing', async () => {
    const first = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    await pauseQueue(world.plain, 'green', 'main', { by: 'ada', because: 'release day' });
    const held = await change(first);
    expect(held.account).toContain('paused by ada (release day)');
    expect(held.account).not.toContain('may land');
    expect(held.todo).toContain('gt mq resume green --target main');
  });

  test('a change that waits for a gate hears of that once, and a rig without any says it for the queue', async () => {
    await world.configure({});
    const first = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const { account } = await change(first);
    expect(account.match(/no gate configured/g)).toHaveLength(1);
    expect((await seen()).queue.blocked).toContain('no gate configured');
  });

  test('a change to CI that waits for a human says so, and is tested once it is let go', async () => {
    await world.configure({ 'refinery.gates.test': 'npm test', 'refinery.ci_changes': 'human' });
    const ci = await world.submit(1, { '.github/workflows/ci.yml': 'on: push' });
    await world.run();
    const held = await change(ci);
    expect(held).toMatchObject({ state: 'queued', todo: [`gt mq retry ${ci.bead}`] });
    expect(held.account).toContain('changes CI configuration');
    await retryMergeRequest(world.plain, ci.bead, 'ada');
    await world.run();
    expect(await change(ci)).toMatchObject({ state: 'testing' });
  });

  test('counts runs for each landed change beside the least that any queue could need', async () => {
    expect((await seen()).account.runsPerLanded).toBeUndefined();
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    await answer('passed');
    const { account } = await seen();
    expect(account.runsPerLanded).toBe(1);
    expect(account.runsPerLandedBound).toBeGreaterThan(0);
    expect(account.learned.bad).toEqual({ chance: 1 / 21, observed: 1 });
  });
});
