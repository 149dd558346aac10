import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../core/errors.ts';
import { type BeadId, keys } from '../../../core/keys.ts';
import type { Subject } from '../../../core/polecats/protocol.ts';
import { create } from '../../../core/step.ts';
import { personOf, standingOfTask, taskOf } from '../../../lambdas/api/identity.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';

const role = 'gastown-TaskRole';
const calledBy = (userArn: string) => ({ event: { requestContext: { authorizer: { iam: { userArn } } } } });
const task = (id: string, roleName = role) => calledBy(`arn:aws:sts::123456789012:assumed-role/${roleName}/${id}`);

const withToken = (claims: object) => ({
  event: { requestContext: { authorizer: { jwt: { claims, scopes: null } } } },
});

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

describe('a person', () => {
  test('is named by what IAM authenticated', () => {
    expect(personOf(calledBy('arn:aws:iam::123456789012:user/ann'), role)).toEqual({ name: 'user/ann' });
    expect(personOf(task('ann', 'Administrator'), role)).toEqual({ name: 'assumed-role/Administrator/ann' });
  });

  test.each([
    ['the subject of a token', { sub: '00u1' }, 'jwt/00u1'],
    [
      'an address that the issuer verified',
      { sub: '00u1', email: 'ann@example.com', email_verified: 'true' },
      'jwt/ann@example.com',
    ],
    ['the subject, where the address is the holder’s own word', { sub: '00u1', email: 'ann@example.com' }, 'jwt/00u1'],
  ])('is named by %s', (_, claims, name) => {
    expect(personOf(withToken(claims), role)).toEqual({ name });
  });

  test('cannot have a token whose subject is another’s verified address', () => {
    expect(personOf(withToken({ sub: 'ann@example.com' }), role)).toEqual({ name: 'jwt/sub:ann@example.com' });
  });

  test('cannot have a token that names somebody of AWS', () => {
    expect(personOf(withToken({ sub: 'user/ann' }), role)).toEqual({ name: 'jwt/user/ann' });
    expect(taskOf(withToken({ sub: `assumed-role/${role}/task-a` }), role)).toBeUndefined();
  });

  test('without an identity is turned away', () => {
    const nobody = [undefined, {}, { event: {} }, calledBy(''), withToken({}), withToken({ sub: '' })];
    for (const nothing of [
      ...nobody,
      withToken({ sub: 'a\nb' }),
      withToken({ sub: 'x'.repeat(201) }),
      withToken({ sub: 7 }),
    ])
      expect(personOf(nothing, role)).toMatchObject({ status: 401, code: 'CALLER_UNKNOWN' });
  });

  test('is no task of the fleet', () => {
    expect(personOf(task('task-a'), role)).toMatchObject({ status: 403, code: 'CALLER_IS_A_TASK' });
  });
});

test('a caller is a task only under the role of tasks, whatever its session is called', () => {
  expect(taskOf(task('task-a'), role)).toBe('task-a');
  expect(taskOf(task('task-a', 'Administrator'), role)).toBeUndefined();
  expect(taskOf(calledBy('arn:aws:iam::123456789012:user/task-a'), role)).toBeUndefined();
});

describe('a task speaks', () => {
  test('for the attempt that it was launched for, and for no other that is under way', async () => {
    expect(await standingOfTask(ledger, 'task-a', polecat(1, 2))).toBe('current');
    expect(await standingOfTask(ledger, 'task-b', polecat(1, 2))).toBe('stranger');
    expect(await standingOfTask(ledger, 'task-g', gate(3))).toBe('current');
    expect(await standingOfTask(ledger, 'task-a', gate(3))).toBe('stranger');
    expect(await standingOfTask(ledger, 'task-g', polecat(1, 2))).toBe('stranger');
  });

  test('never for what has not begun, or does not exist', async () => {
    const strangers = [polecat(1, 3), polecat(9, 1), { ...polecat(1, 1), bead: 'nonsense' } as Subject, gate(4)];
    for (const subject of strangers) expect(await standingOfTask(ledger, 'task-a', subject)).toBe('stranger');
  });

  test('for an attempt that has ended only to hear of it', async () => {
    expect(await standingOfTask(ledger, 'task-b', polecat(1, 1))).toBe('superseded');
    expect(await standingOfTask(ledger, 'task-b', gate(2))).toBe('superseded');
  });

  test('again later, while its launch is not recorded', async () => {
    await expect(standingOfTask(ledger, 'task-a', polecat(2, 1))).rejects.toBeInstanceOf(Unavailable);
  });

  test('not at all if it is no task', async () => {
    for (const subject of [polecat(1, 2), polecat(1, 1)])
      expect(await standingOfTask(ledger, undefined, subject)).toBe('stranger');
  });
});
