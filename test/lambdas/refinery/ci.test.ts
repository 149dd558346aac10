import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CheckState } from '../../../core/ports.ts';
import { openWorld, type World } from './world.ts';

const ci = { 'refinery.require_ci': true, 'refinery.required_checks': ['build', 'lint'] };

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
    world.hooks.checksOf = (commit) => (commit === main ? [] : [{ name: 'build', state: 'failure', reportedAt: 1 }]);
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
