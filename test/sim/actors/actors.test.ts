import { describe, expect, test } from '@jest/globals';
import { harnessEnv, reportSchema, verdictSchema } from '../../../core/polecats/protocol.ts';
import { faultOf } from '../../../core/refinery/conflict/judge-resolution.ts';
import { inspectResolution } from '../git/compare.ts';
import { faultsOf, textOf } from '../git/truth.ts';
import type { BeadPlan, CiPlan, PolecatManner } from '../kernel/scenario.ts';
import { makeCi, makeFleet } from './index.ts';
import { resolve } from './resolver.ts';
import { gateJob, makeStage, polecatJob, type Town } from './stage.ts';

const well = { superseded: false, stop: null, nudge: null, accepted: true };
const subject = { kind: 'polecat', bead: 'gh-abc123-1', attempt: 1 };
const gateSubject = { kind: 'gate', rig: 'greenhouse', target: 'main', candidate: 'c1', gateRun: 1 };
const launchOf = (of: object) => ({
  kind: 'polecat' as const,
  clientToken: 'a'.repeat(40),
  environment: { [harnessEnv.subject]: JSON.stringify(of), [harnessEnv.token]: 'b'.repeat(64) },
});

const townOf =
  (job: object, beat: object = well): Town =>
  ({ path }) =>
    path.endsWith('/claim') ? { ...job } : { ...beat };

async function live(manner: PolecatManner, more: Partial<BeadPlan> = {}, beat: object = well, seed = 1) {
  const world = makeStage({ seed, bead: { manners: [manner], ...more }, town: townOf(polecatJob, beat) });
  const fleet = makeFleet(world.stage);
  await fleet.launch(launchOf(subject));
  await world.rest();
  const reports = world.asked.flatMap(({ path, body }) => (path.endsWith('/report') ? [reportSchema.parse(body)] : []));
  return { ...world, fleet, reports, branch: world.origin.branch(polecatJob.branch) };
}

describe('a modelled polecat', () => {
  test('speaks to the town as the harness does: claim, beat at work, beat at the push, report', async () => {
    const { asked, reports, branch } = await live('good');
    const said = asked.map(({ path, body }) => `${path.slice('/v1/polecat/'.length)} ${body.state ?? ''}`.trim());
    expect(said.filter((what, i) => what !== said[i - 1])).toEqual(['claim', 'beat working', 'beat pushing', 'report']);
    expect(reports).toMatchObject([{ status: 'completed', head: branch?.oid }]);
    expect(branch && faultsOf(branch.tree)).toEqual([]);
  });

  test('that is bad pushes work that fails its gates, and says that it is done', async () => {
    const { reports, branch } = await live('bad');
    expect(reports).toMatchObject([{ status: 'completed', head: branch?.oid }]);
    expect(branch && faultsOf(branch.tree)).not.toEqual([]);
  });

  test('that lies reports a commit that the remote does not have', async () => {
    const { reports, origin } = await live('lying_sha');
    expect(origin.commit(reports[0]?.head ?? '')).toBeUndefined();
  });

  test('that reports twice says something else the second time, for some seed', async () => {
    const told = [];
    for (const seed of [1, 2, 3, 4, 5])
      told.push((await live('lying_twice', {}, well, seed)).reports.map((report) => report.status));
    expect(told).toContainEqual(['completed', 'failed']);
  });

  test('that is hung is ended at its limit, and beats until then', async () => {
    const { reports, asked } = await live('hung');
    expect(reports).toMatchObject([{ status: 'failed', cause: 'timeout' }]);
    expect(asked.filter(({ path }) => path.endsWith('/beat')).length).toBeGreaterThan(20);
  });

  test('that was superseded says no more; one that lies says it all the same', async () => {
    const over = { superseded: true };
    expect((await live('good', {}, over)).reports).toEqual([]);
    expect((await live('lying_late', {}, over)).reports).toMatchObject([{ status: 'completed' }]);
  });

  test('that crashes leaves a task that has stopped, and no report', async () => {
    const { reports, fleet } = await live('crashing');
    expect(reports).toEqual([]);
    expect(fleet.running()).toEqual([]);
  });

  test('that pushes late leaves another head than the one that it reported', async () => {
    const { reports, branch } = await live('pushing_late');
    expect(reports[0]?.head).not.toBe(branch?.oid);
  });

  test.each(['fails', 'empty', 'phased', 'deferring', 'asking', 'slow', 'silent'] as const)(
    'that is %s makes one report that the protocol takes',
    async (manner) => {
      expect((await live(manner)).reports).toHaveLength(1);
    },
  );

  test('learns to live with what it breaks, once that is on its target', () => {
    const a = { path: 'a', by: 'b1', attempt: 1, quality: 'good', breaksWith: 'b2' } as const;
    const b = textOf({ path: 'b', by: 'b2', attempt: 1, quality: 'good' });
    const both = (text: string) => makeStage({ town: () => ({}) }).push('refs/heads/x', { a: text, b }).tree;
    expect(faultsOf(both(textOf(a)))).toEqual(['b1 breaks b2']);
    expect(faultsOf(both(textOf({ ...a, knows: ['b2'] })))).toEqual([]);
  });
});

describe('a polecat that resolves a conflict', () => {
  function resolution(seed: number) {
    const { push, stage } = makeStage({ town: () => ({}) });
    const start = push('refs/heads/a', { 'src/a': text('good') });
    const base = push('refs/heads/main', { 'src/a': 'main says otherwise\n', 'src/m.test.ts': 'main has a test\n' });
    const { author, commitMessage: message } = polecatJob;
    const [plan] = stage.scenario.convoys[0]?.beads ?? [];
    if (!plan) throw new Error('BUG: the stage has a bead');
    const by = { ...author, at: stage.scheduler.now };
    const resolved = resolve({ random: stage.random(`${seed}`), plan, attempt: 1, start, base, author: by, message });
    return inspectResolution(base, start, resolved);
  }

  test('does it well, or in any of the ways that the town sees through', () => {
    const all = Array.from({ length: 60 }, (_, seed) => resolution(seed));
    const faults = all.map((facts) => faultOf(facts, 'main'));
    expect(faults.filter((fault) => fault === undefined).length).toBeGreaterThan(20);
    for (const what of ['does not contain main', 'markers are left', 'files outside', 'tests are deleted'])
      expect(faults.filter((fault) => fault?.includes(what))).not.toEqual([]);
  });
});

describe('the modelled fleet', () => {
  test('runs one task for a token, however often it is launched', async () => {
    const { stage, asked, rest } = makeStage({ town: townOf(polecatJob) });
    const fleet = makeFleet(stage);
    const first = await fleet.launch(launchOf(subject));
    expect(await fleet.launch(launchOf(subject))).toEqual(first);
    await rest();
    expect(asked.filter(({ path }) => path.endsWith('/claim'))).toHaveLength(1);
  });

  test('tells a task to stop, which then pushes what there is and blames nobody; and tells of its end', async () => {
    const { stage, asked, rest, scheduler } = makeStage({ bead: { manners: ['hung'] }, town: townOf(polecatJob) });
    const fleet = makeFleet(stage);
    const stopped: unknown[] = [];
    fleet.onStopped((of) => stopped.push(of));
    const launched = await fleet.launch(launchOf(subject));
    const taskId = launched.ok ? launched.taskId : '';
    while (!asked.some(({ body }) => body.state === 'working')) await scheduler.step();
    await fleet.stop(taskId, 'nobody wants it');
    await rest();
    expect(asked.at(-1)?.body).toMatchObject({ status: 'failed', cause: 'infrastructure' });
    expect(stopped).toEqual([subject]);
    expect(await fleet.list([taskId])).toMatchObject([{ state: 'stopped', exitCode: 0 }]);
  });
});

async function verdictsOn(text: string, ci: Partial<CiPlan> = {}) {
  const job = { ...gateJob('') };
  const world = makeStage({ ci, town: (request) => (request.path.endsWith('/claim') ? { ...job } : well) });
  const { oid } = world.push(job.ref, { 'src/a': text });
  Object.assign(job, gateJob(oid));
  await makeFleet(world.stage).launch({ ...launchOf(gateSubject), kind: 'gate' });
  await world.rest();
  const given = world.asked.flatMap(({ path, body }) => (path.endsWith('/verdict') ? [verdictSchema.parse(body)] : []));
  return { oid, given };
}

const text = (quality: 'good' | 'bad') => textOf({ path: 'src/a', by: 'b1', attempt: 1, quality });

describe('a modelled gate', () => {
  test('passes a good tree and fails a bad one, by the commit that it checked out', async () => {
    const good = await verdictsOn(text('good'));
    expect(good.given).toMatchObject([{ result: 'passed', commit: good.oid, gates: [{ name: 'test', exitCode: 0 }] }]);
    expect((await verdictsOn(text('bad'))).given).toMatchObject([{ result: 'failed', gates: [{ exitCode: 1 }] }]);
  });

  test('that flakes fails what is good; one that contradicts itself says both', async () => {
    expect((await verdictsOn(text('good'), { flakes: 1 })).given).toMatchObject([{ result: 'failed' }]);
    const { given } = await verdictsOn(text('good'), { contradicts: 1, duplicate: 1 });
    expect(given.map(({ result }) => result).slice(-3)).toEqual(['passed', 'passed', 'failed']);
  });
});

describe('a modelled CI', () => {
  async function statuses(ci: Partial<CiPlan>, quality: 'good' | 'bad' = 'good') {
    const world = makeStage({ ci, town: () => ({}) });
    makeCi(world.stage);
    world.push('refs/heads/polecat/Toast/x', { 'src/a': text(quality) });
    world.push('refs/heads/gastown/greenhouse/c1', { 'src/a': text(quality) });
    await world.rest();
    return world.asked.map(({ body }) => body.state).filter((state) => state !== 'pending');
  }

  test('reports each candidate, and no polecat branch, by the truth of its tree', async () => {
    expect(await statuses({})).toEqual(['success']);
    expect(await statuses({}, 'bad')).toEqual(['failure']);
  });

  test('that was lost or cancelled is started again as long as its branch is there', async () => {
    const world = makeStage({ ci: { infra: 0.5, lost: 0.5 }, town: () => ({}) });
    makeCi(world.stage);
    world.push('refs/heads/gastown/greenhouse/c1', { 'src/a': text('good') });
    await world.rest();
    expect(world.asked.at(-1)?.body.state).toBe('success');
    expect(world.asked.length).toBeGreaterThan(1);
  });

  test('may say it twice, or contradict itself', async () => {
    expect(await statuses({ duplicate: 1 })).toEqual(['success', 'success']);
    expect(await statuses({ contradicts: 1 })).toEqual(expect.arrayContaining(['success', 'failure']));
  });
});
