import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { limits } from '../../../core/limits.ts';
import { gateJob, gateSubject, git, isAlive, type Rig, readPid, until, Yard } from './rig.ts';

// A slow machine fails with the claim that did not hold, not with the runner's own time limit.
jest.setTimeout(90_000);

const yard = new Yard();
const { town } = yard;
let rig: Rig;

beforeAll(async () => {
  await yard.open();
  rig = yard.makeRig('rig');
});
afterAll(() => yard.close());
afterEach(() => {
  expect(town.faults).toEqual([]);
  town.onBeat = () => ({ superseded: false, stop: null, nudge: null });
});

describe('a gate run', () => {
  test('passes when every command ends with 0, and keeps what they printed', async () => {
    const verdict = await yard.gate(gateJob(rig, ['cat src/one.txt', 'test "$CI" = true && git rev-parse HEAD']));
    expect(verdict).toMatchObject({ result: 'passed', commit: rig.main });
    expect(verdict.gates.map(({ name, exitCode }) => [name, exitCode])).toEqual([
      ['gate-0', 0],
      ['gate-1', 0],
    ]);
    const evidence = town.blobs.get(verdict.evidence ?? '')?.toString('utf8');
    expect(evidence).toContain('$ cat src/one.txt\n1\n[gastown: gate-0: passed]\n');
    expect(evidence).toContain(rig.main);
  });

  test('stops at the first failure', async () => {
    const verdict = await yard.gate(gateJob(rig, ['true', 'echo broken; exit 7', 'echo never']));
    expect(verdict.result).toBe('failed');
    expect(verdict.gates.map(({ exitCode, detail }) => [exitCode, detail])).toEqual([
      [0, ''],
      [7, 'ended with status 7'],
    ]);
  });

  test('a command that does not exist, or cannot be run, is a failure and not a pass', async () => {
    const missing = await yard.gate(gateJob(rig, ['no-such-command --all']));
    expect(missing).toMatchObject({ result: 'failed', gates: [{ exitCode: 127 }] });
    expect(missing.gates[0]?.detail).toContain('not found');
    expect(await yard.gate(gateJob(rig, ['./README.md']))).toMatchObject({
      result: 'failed',
      gates: [{ exitCode: 126 }],
    });
  });

  test('no gate at all is not a pass', async () => {
    const verdict = await yard.gate(gateJob(rig, []));
    expect(verdict.result).toBe('infra');
    expect(verdict.gates[0]?.detail).toContain('no gate');
  });

  test('a command that takes too long is stopped, and blames nobody', async () => {
    const job = gateJob(rig, []);
    const verdict = await yard.gate({ ...job, gates: [{ name: 'slow', command: 'sleep 600', timeoutMs: 200 }] });
    expect(verdict).toMatchObject({ result: 'infra', gates: [{ name: 'slow', exitCode: null }] });
    expect(verdict.gates[0]?.detail).toContain('200 ms');
  });

  test.each([
    ['kill -9 $$', 'infra'],
    ['sh -c "kill -9 \\$\\$"; exit $?', 'infra'],
    ['kill -TERM $$', 'infra'],
    ['kill -SEGV $$', 'failed'],
  ] as const)('killed from outside blames nobody, a crash is a failure: %s', async (command, result) => {
    expect(await yard.gate(gateJob(rig, [command]))).toMatchObject({ result });
  });

  test('runs on exactly the commit asked for, also when its ref is ahead', async () => {
    const first = git(rig.url, 'rev-parse', 'main~1');
    const verdict = await yard.gate(gateJob(rig, ['test ! -e README.md'], { commit: first }));
    expect(verdict).toMatchObject({ result: 'passed', commit: first });
  });

  test('a commit that the ref does not hold is not tested in its place', async () => {
    const stray = git(rig.url, 'commit-tree', '-m', 'Stray', 'main^{tree}');
    const verdict = await yard.gate(gateJob(rig, ['true'], { commit: stray }));
    expect(verdict).toMatchObject({ result: 'infra', commit: stray });
    expect(verdict.gates[0]?.detail).toContain('does not hold');
    const nowhere = await yard.gate(gateJob(rig, ['true'], { commit: 'a'.repeat(40) }));
    expect(nowhere).toMatchObject({ result: 'infra' });
  });

  test('a ref or repository that is gone blames nobody', async () => {
    expect(await yard.gate(gateJob(rig, ['true'], { ref: 'refs/gastown/gone' }))).toMatchObject({ result: 'infra' });
    expect(await yard.gate(gateJob({ ...rig, url: '/nowhere.git' }, ['true']))).toMatchObject({ result: 'infra' });
  });

  test('has no token of the town in its environment', async () => {
    const verdict = await yard.gate(gateJob(rig, ['env | grep -c -E "TOKEN|GASTOWN_API|GASTOWN_SUBJECT" | grep -x 0']));
    expect(verdict.result).toBe('passed');
  });

  test('prints without end: head and tail are kept, within the size of evidence', async () => {
    const verdict = await yard.gate(
      gateJob(rig, ['echo first; head -c 3000000 /dev/zero | tr "\\0" "x"; echo last; exit 1']),
    );
    const evidence = town.blobs.get(verdict.evidence ?? '')?.toString('utf8') ?? '';
    expect(evidence.length).toBeLessThanOrEqual(limits.evidenceBytesMax);
    expect(evidence).toContain('first\n');
    expect(evidence).toContain('last\n');
    expect(evidence).toMatch(/\[gastown: \d+ bytes of output were dropped here\]/);
  });

  test('what it leaves running is killed', async () => {
    const pidFile = join(yard.dir, 'gate.pid');
    await yard.gate(
      gateJob(rig, [
        `setsid sh -c 'echo $$ > ${pidFile}; exec sleep 600' > /dev/null 2>&1 & while ! test -s ${pidFile}; do sleep 0.02; done`,
      ]),
    );
    expect(isAlive(readPid(pidFile) ?? 0)).toBe(false);
  });

  test('that is no longer wanted ends without a verdict', async () => {
    const flag = join(yard.dir, 'gate.begun');
    town.onBeat = () => (readPid(flag) ? { superseded: true } : { superseded: false, stop: null, nudge: null });
    town.job = gateJob(rig, [`echo 1 > ${flag}; sleep 600`], { beatEveryMs: 50 });
    expect((await yard.start(gateSubject).ended).exitCode).toBe(0);
    expect(town.verdicts).toEqual([]);
  });

  test('told to end gives a verdict that blames nobody', async () => {
    const flag = join(yard.dir, 'gate.term');
    town.job = gateJob(rig, [`echo 1 > ${flag}; sleep 600`]);
    const { child, ended } = yard.start(gateSubject);
    await until('the gate', () => readPid(flag));
    child.kill('SIGTERM');
    await ended;
    expect(town.verdicts.pop()).toMatchObject({
      result: 'infra',
      gates: [{ detail: expect.stringContaining('SIGTERM') }],
    });
  });
});

test('a remote with hooks and filters in its files runs none of them on a checkout', async () => {
  const trace = join(yard.dir, 'filtered');
  const tricky = yard.makeRig('tricky', {
    '.gitattributes': '* filter=evil\n',
    '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${trace}\n`,
  });
  writeFileSync(join(tricky.url, 'hooks/post-checkout'), `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 });
  expect(await yard.gate(gateJob(tricky, [`test ! -e ${trace}`]))).toMatchObject({ result: 'passed' });
});
