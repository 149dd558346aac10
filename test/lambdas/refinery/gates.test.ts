import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { GateJob } from '../../../core/polecats/protocol.ts';
import { harnessEnv } from '../../../core/polecats/protocol.ts';
import { failsOnBroken, openWorld, type World } from './world.ts';

const other = '0123456789012345678901234567890123456789';

// Real git, and a machine that may be busy.
jest.setTimeout(60_000);

describe('the gates of a candidate', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    await world.close();
  });
  const running = async () => {
    const [candidate] = (await world.candidates()).filter(({ state }) => state === 'running');
    if (!candidate?.commit) throw new Error('no candidate runs');
    return { candidate: candidate.id, gateRun: candidate.gateRun, commit: candidate.commit };
  };

  test('without any gate configured nothing is tested, one human is told, and it goes on once there is one', async () => {
    await world.configure({});
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect(world.launches).toHaveLength(0);
    expect((await world.requests())[0]?.because).toMatch(/^no gate configured: gt rig config green/);
    expect(world.notified).toHaveLength(1);
    await world.configure({ 'refinery.gates.test': 'npm test' });
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed' } }]);
    expect(await world.escalations()).toEqual([]);
  });

  test('a gate whose command does not exist is a failure, never a pass', async () => {
    world.hooks.gate = (job: GateJob) =>
      job.ref.includes('gastown') && world.rig.git('ls-tree', '--name-only', job.commit).includes('c.txt')
        ? { result: 'failed', gates: [{ name: 'test', exitCode: 127, ms: 1, detail: '' }] }
        : {};
    const a = await world.submit(1, { 'c.txt': 'x' });
    await world.settle();
    expect(world.settled).toMatchObject([
      { bead: a.bead, outcome: { cause: 'gate_failed', detail: 'gate test failed: command not found (exit 127)' } },
    ]);
  });

  test.each([
    ['no gate ran', []],
    ['a gate ended with 1', [{ name: 'test', exitCode: 1, ms: 1, detail: '' }]],
    ['the configured gate is not among those that ran', [{ name: 'lint', exitCode: 0, ms: 1, detail: '' }]],
    ['a gate never ended', [{ name: 'test', exitCode: null, ms: 1, detail: '' }]],
  ])('a verdict that says passed although %s does not land anything', async (_, gates) => {
    const before = world.rig.head('main');
    world.hooks.gate = () => ({ result: 'passed', gates });
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect(world.rig.head('main')).toBe(before);
  });

  test('a verdict about another commit than the candidate is refused', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const job = await running();
    await expect(world.verdict(job, { commit: other })).rejects.toMatchObject({
      code: 'VERDICT_OTHER_COMMIT',
      status: 409,
    });
    expect(await running()).toEqual(job);
  });

  test('the late verdict of an older run is ignored', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const first = await running();
    world.tasks.set('task-1', 'absent');
    await world.tick();
    world.pass(60_000);
    await world.tick();
    await world.run();
    const second = await running();
    expect(second).toEqual({ ...first, gateRun: 2 });
    expect(await world.verdict(first, { commit: first.commit })).toEqual({ superseded: true });
    expect(await world.claim(first)).toEqual({ superseded: true });
    expect(await running()).toEqual(second);
    expect(await world.verdict(second, { commit: second.commit })).toEqual({ accepted: true });
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
  });

  test('a gate task that vanishes is tried again a bounded number of times, then told of; nobody is blamed', async () => {
    world.hooks.gate = () => 'silent';
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    for (let i = 0; i < 10; i += 1) {
      for (const task of world.tasks.keys()) world.tasks.set(task, 'absent');
      world.pass(60_000);
      await world.tick();
      await world.run();
    }
    expect(world.settled).toEqual([]);
    expect((await world.escalations()).map(({ title }) => title)).toEqual(['Gates of green main give no verdict']);
    expect((await world.requests())[0]).toMatchObject({ bead: a.bead, retries: expect.any(Number) });
    expect(world.launches.length).toBeLessThanOrEqual(8);
    world.hooks.gate = () => ({});
    for (const task of world.tasks.keys()) world.tasks.set(task, 'absent');
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed' } }]);
  });

  test('a gate that gives no verdict before its deadline is stopped, and is nobody’s fault', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    world.pass(25 * 60_000);
    await world.tick();
    await world.run();
    expect(world.stopped).toEqual(['task-1']);
    expect((await world.candidates())[0]).toMatchObject({ state: 'running', infraFailures: 1, gateRun: 2 });
    expect(world.settled).toEqual([]);
  });

  test('the same content passes once: after a foreign push is undone by another, no second run is needed', async () => {
    await world.submit(1, { 'a.txt': 'x' });
    world.hooks.gate = () => {
      world.rig.commit('main', { 'foreign.txt': 'x' });
      world.rig.commit('main', { 'foreign.txt': null });
      return {};
    };
    await world.settle();
    expect(world.launches).toHaveLength(1);
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
  });

  test('a pass of other commands does not count: a changed gate is run before anything lands', async () => {
    const commands: string[] = [];
    world.hooks.gate = (job) => {
      commands.push(job.gates.map((gate) => gate.command).join());
      return 'silent';
    };
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const job = await running();
    await world.configure({ 'refinery.gates.test': 'npm run stricter' });
    await world.verdict(job, { commit: job.commit });
    world.hooks.gate = (again) => {
      commands.push(again.gates.map((gate) => gate.command).join());
      return {};
    };
    await world.settle();
    expect(commands).toEqual(['npm test', 'npm run stricter']);
    expect(await world.queue()).toMatchObject({ landedCount: 1 });
  });

  test('a launch carries the town, the subject and its secret, and the candidate knows only the hash', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const [launch] = world.launches;
    expect(launch).toMatchObject({ kind: 'gate', environment: { [harnessEnv.api]: 'http://127.0.0.1:1' } });
    expect(launch?.clientToken).toMatch(/^[0-9a-f]{40}$/);
    expect(JSON.parse(launch?.environment[harnessEnv.subject] ?? '{}')).toMatchObject({
      kind: 'gate',
      rig: 'green',
      gateRun: 1,
    });
    expect(JSON.stringify(await world.candidates())).not.toContain('secret of');
    expect((await world.candidates())[0]?.tokenHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a launch that is repeated is the same task, and one that nobody wants any more launches nothing', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const job = await running();
    const effect = { do: 'launch_gate', rig: 'green', target: 'main', ...job } as const;
    await world.launch(effect);
    expect(new Set(world.launches.map(({ clientToken }) => clientToken)).size).toBe(1);
    await world.verdict(job, { commit: job.commit });
    const before = world.launches.length;
    await world.launch(effect);
    expect(world.launches).toHaveLength(before);
  });

  test('a bead that moved on takes its change out of the queue, and its gate is stopped', async () => {
    world.hooks.gate = () => 'silent';
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    await world.cancelBead(a.bead);
    await world.tick();
    await world.settle(2);
    expect(world.stopped).toEqual(['task-1']);
    expect(await world.ended()).toMatchObject([{ bead: a.bead, state: 'withdrawn' }]);
    expect(world.rig.subjects('main')).not.toContain('Change number 1');
  });

  test('a run whose chain has gone on without it is stopped: what passed apart does not wait for it, and lands', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    await world.submit(2, { 'b.txt': 'y' });
    await world.run();
    const longer = (await world.candidates()).find(({ members }) => members.length === 2);
    world.rig.commit('main', { 'foreign.txt': 'x' });
    world.hooks.gate = () => ({});
    await world.verdict({ candidate: longer?.id ?? '', gateRun: 1 }, { commit: longer?.commit ?? '' });
    await world.settle(2);
    expect(world.stopped).toEqual(['task-1']);
    expect(world.launches).toHaveLength(3);
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }, { outcome: { kind: 'landed' } }]);
  });

  test('a stopped town lands nothing, and goes on when it is thawed', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const job = await running();
    await world.stopTown(true);
    await world.verdict(job, { commit: job.commit });
    await world.settle(2);
    expect(world.settled).toEqual([]);
    await world.stopTown(false);
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
  });

  test('one bad change among good ones is rejected alone', async () => {
    world.hooks.gate = failsOnBroken(world);
    await world.submit(1, { 'a.txt': 'x' });
    await world.submit(2, { broken: 'yes' });
    await world.submit(3, { 'b.txt': 'y' });
    await world.settle();
    expect(world.settled.map(({ bead, outcome }) => `${bead} ${outcome.kind}`).sort()).toEqual([
      'gr-abc123-1 landed',
      'gr-abc123-2 failed',
      'gr-abc123-3 landed',
    ]);
  });
});
