import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Molecule } from '../../../core/formulas/molecule.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { hookBead } from '../../../core/polecats/hook.ts';
import type { Ledger } from '../../../core/ports.ts';
import { create, replace } from '../../../core/step.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { acceptBeat, claimPolecat, nudgePolecat } from '../../../lambdas/polecats/protocol.ts';
import { makeDirectoryBlobs } from '../../../local/blobs.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { beadOf, idOf, t0 } from '../../core/fixtures.ts';

let now = t0;
const clock = { now: () => now, sleep: async () => {} };
let ledger: Ledger & { close(): Promise<void> };
beforeEach(async () => {
  now = t0;
  ledger = await openLedger({ clock });
});
afterEach(() => ledger.close());

const dir = mkdtempSync(join(tmpdir(), 'gastown-claim-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const blobs = makeDirectoryBlobs(dir);
const deps = () => ({ ledger, clock, ids: realIds(clock), blobs });
const subject = { kind: 'polecat', bead: idOf(1), attempt: 1 } as const;

/** Bead 1 is hooked; beads 2 and 3 of its convoy have landed an hour before and after it was ready. */
async function hooked(over: Partial<Bead>): Promise<void> {
  const merged = (n: number, closedAt: number) =>
    beadOf(n, { status: 'closed', closedReason: 'merged', closedAt, commit: `${n}`.repeat(40), title: `Landed ${n}` });
  const was = beadOf(1, { run: 1, admittedAt: t0, readyAt: t0, ...over });
  const rig = { name: 'greenhouse', prefix: 'gh', url: '/r.git', defaultBranch: 'main', addedAt: t0 };
  await ledger.commit({
    id: 'before',
    changes: [
      create(keys.rig('greenhouse'), { ...rig, settings: { 'agent.timeout_s': 600 } }),
      create(was, was.body),
      create(keys.beadSpec(idOf(1)), { instructions: 'Do it.', acceptance: [] }),
      ...[merged(2, t0 - 3_600_000), merged(3, t0 + 3_600_000)].map((one) => create(one, one.body)),
    ],
  });
  const { step } = hookBead(was, { name: 'Nux', token: 'tok', tokenHash: '' }, now);
  await ledger.commit({ id: 'hooked', changes: step.changes });
}

const promptOf = async () => {
  const job = await claimPolecat(deps(), subject);
  return 'superseded' in job ? '' : job.prompt;
};

test('an attempt that starts from older work is told what landed of its convoy since; a first one has it all', async () => {
  await hooked({ head: 'e'.repeat(40) });
  const prompt = await promptOf();
  expect(prompt).toContain(`${'3'.repeat(12)} ${idOf(3)}: Landed 3`);
  expect(prompt).not.toContain('Landed 2');
  expect(await promptOf()).toBe(prompt);
});

test('an attempt that starts from the target is told of nothing that landed', async () => {
  await hooked({});
  expect(await promptOf()).not.toContain('Landed');
});

const failed = (cause: 'gate_failed' | 'agent_failed' | 'empty_result', evidence?: string) => ({
  notes: [{ attempt: 1, polecat: 'Slit', cause, detail: 'it failed', ...(evidence === undefined ? {} : { evidence }) }],
});

test('an attempt after one that failed at a gate is shown the end of what the gate printed', async () => {
  const output = `${'ok - one of many\n'.repeat(1000)}not ok - the last\n`;
  const evidence = await blobs.put(new TextEncoder().encode(output), 'text/plain');
  await hooked(failed('gate_failed', evidence));
  const prompt = await promptOf();
  expect(prompt).toContain('not ok - the last');
  expect(prompt.length).toBeLessThan(2 * limits.promptDataCharsMax);
});

test.each([
  ['of a gate whose output is kept no more', failed('gate_failed', 'f'.repeat(64))],
  ['of an agent, whose last lines are in the note', failed('agent_failed', 'e'.repeat(64))],
])('and is told the failure alone %s', async (_, noted) => {
  await hooked(noted);
  const prompt = await promptOf();
  expect(prompt).toContain('it failed');
  expect(prompt).not.toContain('printed');
});

test('steps that are done are not done again, but after an attempt that changed nothing', async () => {
  const steps = [{ id: 'work', title: 'Do it', description: '', acceptance: [], needs: [], maxAttempts: 1 }];
  const molecule: Molecule = { formula: 'polecat-work', version: 1, source: 'built-in', steps };
  const done = { state: 'done', polecat: 'Slit', attempt: 1, tries: 1, startedAt: t0 } as const;
  await hooked({ ...failed('agent_failed'), runtime: 'claude' });
  await ledger.commit({ id: 'm', changes: [create(keys.molecule(idOf(1)), { molecule, steps: { work: done } })] });
  expect(await claimPolecat(deps(), subject)).toMatchObject({ progress: { done: ['work'] } });
  const was = await load.bead(ledger, idOf(1));
  if (!was) throw new Error('no bead');
  await ledger.commit({ id: 'n', changes: [replace(was, { ...was.body, ...failed('empty_result') })] });
  expect(await claimPolecat(deps(), subject)).not.toHaveProperty('progress');
});

test('a claim sets the end of the attempt: its agent’s time, and what else an attempt takes', async () => {
  await hooked({});
  await claimPolecat(deps(), subject);
  expect((await load.polecat(ledger, 'Nux'))?.body.endsBy).toBe(t0 + 600_000 + limits.attemptOverheadMs);
});

test('every beat is answered with the newest nudge and when it was given', async () => {
  await hooked({});
  await claimPolecat(deps(), subject);
  const quiet = { state: 'working', step: 'agent', costUsd: 0, outputBytes: 1, tail: '' } as const;
  const beat = () => acceptBeat(deps(), { subject, ...quiet, logChunks: [] });
  await beat();
  now += 1_000;
  await nudgePolecat(deps(), 'Nux', 'Hurry.', 'max');
  expect(await beat()).toEqual({ superseded: false, stop: null, nudge: 'Hurry.', nudgedAt: now });
});
