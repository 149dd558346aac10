import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { EffectRecord } from '../../../core/effects.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { GateFirst } from '../../../core/polecats/no-room.ts';
import type { Fleet, Instant, Item } from '../../../core/ports.ts';
import type { Candidate } from '../../../core/refinery/records.ts';
import { create, recordOf } from '../../../core/step.ts';
import { makeHandler } from '../../../lambdas/platform/effects.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { makeLaunchGate } from '../../../lambdas/refinery/launch-gate.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';

const minutes = 60_000;
const deadlineMs = 20 * minutes;
const start: Instant = Date.UTC(2030, 0, 1);
const at = { rig: 'green', target: 'main', candidate: 'c1', gateRun: 1 };
const effectKey = keys.effect('commit', 0);

let now: Instant;
let room: boolean;
let ledger: LocalLedger;
let perform: () => Promise<void>;

beforeEach(async () => {
  now = start;
  room = false;
  const clock = { ...realClock, now: () => now };
  const ids = realIds(clock);
  ledger = await openLedger({ clock });
  const running = { id: 'c1', state: 'running', gateRun: 1, startedAt: start, deadline: start + deadlineMs };
  await ledger.commit({
    id: 'setup',
    changes: [
      create(keys.candidate('green', 'main', 'c1'), running),
      create(effectKey, { effect: { do: 'launch_gate', ...at }, tries: 0 }, { attentionAt: start }),
    ],
  });
  const fleet: Fleet = {
    launch: async () =>
      room ? { ok: true, taskId: 'task' } : { ok: false, reason: 'capacity', detail: 'the vCPU quota' },
    stop: async () => {},
    list: async () => [],
  };
  const common = { ledger, clock, ids, fleet, log: () => {} };
  const launchGate = makeLaunchGate({ ...common, apiUrl: () => '', secretOf: () => undefined });
  const unused = undefined as never;
  const handler = makeHandler({ ...common, launchGate, queues: unused, workflows: unused, notifier: unused });
  perform = async () => handler([(await effect()) as Item<EffectRecord>]);
});
afterEach(() => ledger.close());

const effect = async () => recordOf<EffectRecord>(await ledger.get(effectKey));
const candidate = async () => recordOf<Candidate>(await ledger.get(keys.candidate('green', 'main', 'c1')))?.body;
const gateFirst = async () => recordOf<GateFirst>(await ledger.get(keys.gateFirst()))?.body.until;
const alarm = async () => (await load.escalation(ledger, 'fleet/no-room'))?.body;

test('gates without room are tried again at the same pace, are never late for it, and then run', async () => {
  for (; now < start + 2 * deadlineMs; now += minutes) {
    await perform();
    expect((await effect())?.attentionAt).toBe(now + limits.launchAgainSeconds * 1000);
    expect((await candidate())?.deadline).toBe(now + deadlineMs);
  }
  expect((await candidate())?.because).toContain('the vCPU quota');
  room = true;
  await perform();
  expect(await effect()).toBeUndefined();
  expect(await candidate()).toMatchObject({ taskId: 'task', state: 'running', gateRun: 1 });
});

test('from the second try on they go before polecats, until a little after the next patrol', async () => {
  await perform();
  expect(await gateFirst()).toBeUndefined();
  now += minutes;
  await perform();
  expect(await gateFirst()).toBe(now + limits.gateFirstMs);
  expect(limits.gateFirstMs).toBeGreaterThan(limits.patrolEveryMs);
});

test('after half an hour one human is told, of the quota', async () => {
  await perform();
  now += limits.launchSlowMs - 1;
  await perform();
  expect(await alarm()).toBeUndefined();
  now += 1;
  await perform();
  await perform();
  expect(await alarm()).toMatchObject({
    times: 1,
    body: expect.stringMatching(/vCPU quota[\s\S]*Raise the Fargate quota/),
  });
});
