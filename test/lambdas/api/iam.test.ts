import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TownError, Unavailable } from '../../../core/errors.ts';
import { type BeadId, keys } from '../../../core/keys.ts';
import type { Subject } from '../../../core/polecats/protocol.ts';
import { create } from '../../../core/step.ts';
import { iamCaller, iamPerson, maySpeakFor, taskOf } from '../../../lambdas/api/iam.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';

const role = 'gastown-TaskRole';
const calledBy = (userArn: string) => ({ event: { requestContext: { authorizer: { iam: { userArn } } } } });
const task = (id: string, roleName = role) => calledBy(`arn:aws:sts::123456789012:assumed-role/${roleName}/${id}`);

const bead = (n: number): BeadId => `gh-abc234-${n}`;
const polecat = (n: number, attempt: number): Subject => ({ kind: 'polecat', bead: bead(n), attempt });
const gate = (gateRun: number): Subject => ({
  kind: 'gate',
  rig: 'greenhouse',
  target: 'main',
  candidate: 'c1',
  gateRun,
});

let ledger: LocalLedger;
beforeAll(async () => {
  ledger = await openLedger({ clock: { now: () => 0 } });
  const put = (key: { pk: string; sk: string }, body: object) => create(key, body);
  await ledger.commit({
    id: 'setup',
    changes: [
      put(keys.bead(bead(1)), { id: bead(1), attempt: 2, polecat: 'Toast' }),
      put(keys.polecat('Toast'), { name: 'Toast', bead: bead(1), attempt: 2, taskId: 'task-a' }),
      put(keys.bead(bead(2)), { id: bead(2), attempt: 1, polecat: 'Slit' }),
      put(keys.polecat('Slit'), { name: 'Slit', bead: bead(2), attempt: 1 }),
      put(keys.candidate('greenhouse', 'main', 'c1'), { id: 'c1', state: 'running', gateRun: 3, taskId: 'task-g' }),
    ],
  });
});
afterAll(() => ledger.close());

describe('a caller through IAM', () => {
  test('is named by what IAM authenticated', () => {
    expect(iamCaller(calledBy('arn:aws:iam::123456789012:user/ann'))).toEqual({ name: 'user/ann' });
  });

  test('without an identity is turned away', () => {
    for (const nothing of [undefined, {}, { event: {} }, calledBy('')])
      expect(iamCaller(nothing)).toBeInstanceOf(TownError);
  });

  test('is a task only under the role of tasks, whatever its session is called', () => {
    expect(taskOf(task('task-a'), role)).toBe('task-a');
    expect(taskOf(task('task-a', 'Administrator'), role)).toBeUndefined();
    expect(taskOf(calledBy('arn:aws:iam::123456789012:user/task-a'), role)).toBeUndefined();
  });
});

test('a task is nobody to the routes for people', () => {
  expect(iamPerson(task('task-a'), role)).toMatchObject({ status: 403 });
  expect(iamPerson(task('ann', 'Administrator'), role)).toEqual({ name: 'assumed-role/Administrator/ann' });
});

describe('a task speaks', () => {
  test('for the attempt that it was launched for, and for no other that is under way', async () => {
    expect(await maySpeakFor(ledger, 'task-a', polecat(1, 2))).toBe(true);
    expect(await maySpeakFor(ledger, 'task-b', polecat(1, 2))).toBe(false);
    expect(await maySpeakFor(ledger, 'task-g', gate(3))).toBe(true);
    expect(await maySpeakFor(ledger, 'task-a', gate(3))).toBe(false);
  });

  test('never for what has not begun, or does not exist', async () => {
    const strangers = [polecat(1, 3), polecat(9, 1), { ...polecat(1, 1), bead: 'nonsense' } as Subject, gate(4)];
    for (const subject of strangers) expect(await maySpeakFor(ledger, 'task-a', subject)).toBe(false);
  });

  test('for an attempt that has ended, so that it hears of it', async () => {
    expect(await maySpeakFor(ledger, 'task-b', polecat(1, 1))).toBe(true);
    expect(await maySpeakFor(ledger, 'task-b', gate(2))).toBe(true);
  });

  test('again later, while its launch is not recorded', async () => {
    await expect(maySpeakFor(ledger, 'task-a', polecat(2, 1))).rejects.toBeInstanceOf(Unavailable);
  });

  test('not at all if it is no task', async () => {
    expect(await maySpeakFor(ledger, undefined, polecat(1, 2))).toBe(false);
  });
});
