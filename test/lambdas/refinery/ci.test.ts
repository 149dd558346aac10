import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../core/limits.ts';
import type { Check, CheckState, Instant } from '../../../core/ports.ts';
import { reportStatus } from '../../../lambdas/rigs/statuses.ts';
import { makeReportedChecks } from '../../../local/code-host.ts';
import { openWorld, type World } from './world.ts';

const ci = { 'refinery.require_ci': true, 'refinery.required_checks': ['build', 'lint'] };
const passing = (): Check[] => ['build', 'lint'].map((name) => ({ name, state: 'success', reportedAt: 1 }));
const said = (state: CheckState): Check[] => ['build', 'lint'].map((name) => ({ name, state, reportedAt: 1 }));

describe('a rig that requires CI', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ settings: ci });
  });
  afterEach(async () => {
    await world.close();
  });
  const report = (build: CheckState, lint?: CheckState) => {
    world.hooks.checks = [
      { name: 'build', state: build, reportedAt: 1 },
      { name: 'other', state: 'success', reportedAt: 1 },
      ...(lint ? [{ name: 'lint', state: lint, reportedAt: 1 }] : []),
    ];
  };

  test('gets each candidate as a branch that CI listens to, and lands it when every required check succeeded', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const [candidate] = await world.candidates();
    expect(candidate?.ref).toBe(`refs/heads/gastown/main/${candidate?.id}`);
    expect(world.rig.head(`gastown/main/${candidate?.id}`)).toBe(candidate?.commit);
    expect(candidate?.because).toBe('waits for checks: build (missing), lint (missing)');
    report('success', 'success');
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { kind: 'landed', commit: candidate?.commit } }]);
    expect(world.launches).toHaveLength(0);
    expect(world.rig.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  test.each<[CheckState, CheckState | undefined]>([
    ['success', undefined],
    ['success', 'pending'],
    ['success', 'skipped'],
    ['neutral', 'success'],
    ['cancelled', 'success'],
  ])('lands nothing while build is %s and lint is %s', async (build, lint) => {
    report(build, lint);
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect(world.settled).toEqual([]);
    expect(world.rig.subjects('main')).toHaveLength(1);
  });

  test('sends a change back when a required check failed, and main has not failed it too', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    const main = world.rig.head('main');
    world.hooks.checksOf = (commit) =>
      commit === main ? passing() : [{ name: 'build', state: 'failure', reportedAt: 1 }];
    await world.settle();
    expect(world.settled).toMatchObject([
      { bead: a.bead, outcome: { cause: 'gate_failed', detail: 'check build: failure' } },
    ]);
  });

  test('pauses, and blames nobody, when main fails its own checks', async () => {
    report('failure');
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect(world.settled).toEqual([]);
    expect((await world.queue())?.paused?.because).toBe('main itself fails: check build: failure');
  });

  test('refuses to test anything while no check is required', async () => {
    await world.configure({ 'refinery.require_ci': true });
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect((await world.requests())[0]?.because).toMatch(/^refinery.require_ci is on, but no check is required/);
    expect(world.rig.subjects('main')).toHaveLength(1);
    world.hooks.required = ['build'];
    report('success');
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
  });

  test('with gates too runs the gates first, and asks CI only when they passed', async () => {
    await world.configure({ ...ci, 'refinery.gates.test': 'npm test' });
    world.hooks.gate = () => 'silent';
    report('success', 'success');
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(2);
    expect(world.settled).toEqual([]);
    const [candidate] = await world.candidates();
    await world.verdict(
      { candidate: candidate?.id ?? '', gateRun: candidate?.gateRun ?? 0 },
      { commit: candidate?.commit ?? '' },
    );
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
  });
});

describe('checks that change while they are waited for', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ settings: { ...ci, 'refinery.slots': 1 } });
  });
  afterEach(async () => {
    await world.close();
  });
  const landed = () => world.settled.map(({ bead, outcome }) => [bead, outcome.kind]);

  test('count for their own commit alone: a rerun is a new commit, and waits for reports of its own', async () => {
    const main = world.rig.head('main');
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    const first = (await world.candidates())[0]?.commit;
    world.hooks.checksOf = (commit) => (commit === main ? passing() : commit === first ? said('failure') : []);
    await world.settle(2);
    const rerun = (await world.candidates()).find(({ state }) => state === 'running');
    expect(rerun?.commit).not.toBe(first);
    expect(rerun?.because).toBe('waits for checks: build (missing), lint (missing)');
    expect(world.rig.git('rev-parse', `${rerun?.commit}^{tree}`)).toBe(world.rig.git('rev-parse', `${first}^{tree}`));
    world.hooks.checksOf = (commit) => (commit === rerun?.commit ? passing() : said('failure'));
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed', commit: rerun?.commit } }]);
  });

  test('are read for each of several candidates: one may pass while the others wait', async () => {
    await world.configure({ ...ci, 'refinery.slots': 3, 'refinery.batch_max': 1 });
    const beads = [1, 2, 3];
    for (const n of beads) await world.submit(n, { [`f${n}.txt`]: 'x' });
    await world.run();
    const running = await world.candidates();
    expect(running).toHaveLength(3);
    const second = running.find(({ members }) => members[0]?.bead.endsWith('-2'));
    world.hooks.checksOf = (commit) => (commit === second?.commit ? passing() : []);
    await world.settle(3);
    expect(landed()).toEqual([['gr-abc123-2', 'landed']]);
    world.hooks.checksOf = passing;
    await world.settle();
    expect(landed().sort()).toEqual(beads.map((n) => [`gr-abc123-${n}`, 'landed']));
  });

  test('that the rig requires from now on are waited for as well, though the others have succeeded', async () => {
    world.hooks.checks = said('pending');
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    await world.configure({ ...ci, 'refinery.required_checks': ['build', 'lint', 'audit'] });
    world.hooks.checks = passing();
    await world.settle(3);
    expect(world.settled).toEqual([]);
    expect((await world.candidates()).map(({ state, because }) => [state, because])).toContainEqual([
      'running',
      'waits for checks: audit (missing)',
    ]);
    world.hooks.checks = [...passing(), { name: 'audit', state: 'success', reportedAt: 1 }];
    await world.settle();
    expect(landed()).toEqual([['gr-abc123-1', 'landed']]);
  });

  test('that the branch’s protection requires from now on are waited for as well', async () => {
    await world.configure({ 'refinery.require_ci': true });
    world.hooks.required = ['build'];
    world.hooks.checks = said('pending');
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    world.hooks.required = ['build', 'audit'];
    world.hooks.checks = passing();
    await world.settle(3);
    expect(world.settled).toEqual([]);
    expect((await world.candidates()).at(-1)?.because).toBe('waits for checks: audit (missing)');
  });

  test('are read again before the landing: a pass that was taken back lands nothing', async () => {
    world.hooks.checks = passing();
    let asked = 0;
    const main = world.rig.head('main');
    world.hooks.checksOf = (commit) => {
      if (commit === main) return passing();
      asked += 1;
      return asked === 1 ? passing() : said('pending');
    };
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect(world.settled).toEqual([]);
    expect(world.rig.head('main')).toBe(main);
    expect((await world.candidates()).map(({ state, because }) => [state, because])).toEqual([
      ['cancelled', 'its checks had succeeded, and do so no more: waits for checks: build (pending), lint (pending)'],
      ['running', 'waits for checks: build (pending), lint (pending)'],
    ]);
  });

  test('of main are waited for, on a branch that CI listens to, before a change is blamed', async () => {
    const main = world.rig.head('main');
    const a = await world.submit(1, { 'a.txt': 'x' });
    world.hooks.checksOf = (commit) => (commit === main ? [] : said('failure'));
    await world.settle(5);
    expect(world.settled).toEqual([]);
    const check = (await world.candidates()).find(({ ofMain }) => ofMain);
    expect(check).toMatchObject({ state: 'running', commit: main, ref: `refs/heads/gastown/main/${check?.id}` });
    expect(world.rig.head(`gastown/main/${check?.id}`)).toBe(main);
    world.hooks.checksOf = (commit) => (commit === main ? passing() : said('failure'));
    await world.settle();
    expect(world.settled).toMatchObject([{ bead: a.bead, outcome: { cause: 'gate_failed' } }]);
  });

  test('that never come are told of, with a command that fits', async () => {
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    world.pass(limits.ciSlowMs + 1);
    await world.tick();
    const told = await world.escalation('queue/green/main/checks-slow');
    expect(JSON.stringify(told)).toContain('gt mq reject gr-abc123-1');
  });
});

describe('reports of any CI', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ settings: { 'refinery.require_ci': true, 'refinery.required_checks': ['build'] } });
    world.hooks.codeHost = makeReportedChecks(world.ledger);
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
  });
  afterEach(async () => {
    await world.close();
  });
  const candidate = async () => (await world.candidates()).find(({ state }) => state === 'running');
  const report = async (state: CheckState, at?: Instant, commit?: string) => {
    const of = commit ?? (await candidate())?.commit ?? '';
    await reportStatus(world.plain, 'green', { commit: of, name: 'build', state, at, by: 'ci' });
    await world.run();
  };
  const started = Date.UTC(2029, 0, 1);

  test('land the change once, however often success is told', async () => {
    const of = (await candidate())?.commit;
    for (let i = 0; i < 3; i += 1) await report('success', undefined, of);
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed', commit: of } }]);
    expect(world.rig.subjects('main')).toHaveLength(2);
  });

  test('that come late change nothing: neither a pending after its success, nor a failure before it', async () => {
    const of = (await candidate())?.commit ?? '';
    await world.stopTown(true);
    await report('success', started + 2000);
    await report('pending', started + 1000);
    await report('failure', started + 1000);
    expect(await makeReportedChecks(world.ledger).checks({ rig: 'green', url: '' }, of)).toMatchObject([
      { state: 'success', reportedAt: started + 2000 },
    ]);
    await world.stopTown(false);
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed', commit: of } }]);
  });

  test.each([
    ['a failure after a success', ['success', 'failure'], [0, 1000], 'failure'],
    ['a success after a failure', ['failure', 'success'], [0, 1000], 'success'],
    ['both within one second, the failure last', ['success', 'failure'], [0, 0], 'failure'],
    ['both within one second, the success last', ['failure', 'success'], [0, 0], 'failure'],
    ['an end within the second of its beginning', ['success', 'pending'], [0, 0], 'success'],
  ] as const)('that contradict each other: %s counts as such', async (_, states, at, counts) => {
    const of = (await candidate())?.commit ?? '';
    await world.stopTown(true);
    for (const [i, state] of states.entries()) await report(state, started + (at[i] ?? 0), of);
    expect((await makeReportedChecks(world.ledger).checks({ rig: 'green', url: '' }, of))[0]?.state).toBe(counts);
  });

  test('of a commit that nobody tests wake the queue, and move nothing in it', async () => {
    const before = (await world.meta())?.version;
    await report('success', undefined, 'f'.repeat(40));
    await report('failure', undefined, world.rig.head('polecat/Toast/gr-abc123-1@1'));
    expect((await world.meta())?.version).toBe(before);
    expect(world.settled).toEqual([]);
    expect((await candidate())?.because).toBe('waits for checks: build (missing)');
  });

  test('of the first run that come after its rerun began say nothing of the rerun', async () => {
    const first = (await candidate())?.commit ?? '';
    await report('success', undefined, world.rig.head('main'));
    await report('failure', undefined, first);
    const rerun = (await candidate())?.commit;
    expect(rerun).toBeDefined();
    expect(rerun).not.toBe(first);
    await report('success', undefined, first);
    await world.settle(2);
    expect(world.settled).toEqual([]);
    await report('success', undefined, rerun);
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed', commit: rerun } }]);
  });
});
