/** The real handlers over a log as a function has it: what of a task token gets into its lines. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeLog } from '../../../aws/log.ts';
import type { EffectRecord } from '../../../core/effects.ts';
import { PortRefused, Unavailable } from '../../../core/errors.ts';
import { keys } from '../../../core/keys.ts';
import type { Fleet, Item } from '../../../core/ports.ts';
import { create } from '../../../core/step.ts';
import { makeHandler as makeEffects } from '../../../lambdas/platform/effects.ts';
import { telling } from '../../../lambdas/platform/telling.ts';
import { makeHandler as makeFleet } from '../../../lambdas/polecats/fleet.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { type LocalLedger, openLedger } from '../../../local/ledger.ts';
import { beadOf, idOf } from '../../core/fixtures.ts';

/** As Step Functions makes them: 668 characters of base 64. */
const token = `AQCEAAAAKgAAAAMAAAAAAAAAA${'Recognisable0'.repeat(49)}wxyz=`;
const secret = 'c0ffee'.repeat(10);

const ids = realIds(realClock);
let lines: string[];
let stored: LocalLedger;
let ledger: LocalLedger;
const log = makeLog({ clock: realClock, town: 'gastown', write: (text) => void lines.push(text) });
beforeEach(async () => {
  lines = [];
  stored = await openLedger({ clock: realClock });
  ledger = telling(stored, log);
  const was = beadOf(1, { run: 1, admittedAt: realClock.now() });
  await stored.commit({ id: 'setup', changes: [create(was, was.body)] });
});
afterEach(() => stored.close());

const launches: [string, Fleet['launch']][] = [
  ['that is launched', async () => ({ ok: true, taskId: 'task-a' })],
  [
    'without room',
    async () => ({ ok: false, reason: 'capacity', detail: `vCPU quota; overrides {"TOKEN":"${secret}"}` }),
  ],
  ['that is refused', async () => ({ ok: false, reason: 'refused', detail: `bad request: ${token}` })],
  ['that is throttled', () => Promise.reject(new Unavailable(`Rate exceeded for {"taskToken": "${token}"}`))],
  ['that is a bug', () => Promise.reject(new PortRefused('BUG', `cannot use ${token} and GASTOWN_TOKEN=${secret}`))],
];

describe('no task token and no bearer token is in the log', () => {
  test.each(launches)('of a sling %s', async (_, launch) => {
    const handle = makeFleet({
      ledger,
      clock: realClock,
      ids,
      log,
      fleet: { launch } as Fleet,
      queues: { send: () => Promise.reject(new Error(`cannot send ${JSON.stringify({ token })}`)) },
      apiUrl: () => 'https://api.example.com',
      secretOf: () => secret,
    });
    const body = JSON.stringify({ bead: idOf(1), run: 1, token });
    await handle({ Records: [{ messageId: 'm', body, attributes: { ApproximateReceiveCount: '1' } }] });
    // The token did go through: it is on the bead, and its hook was told of.
    expect((await stored.get(keys.bead(idOf(1))))?.body).toMatchObject({ attempt: 1 });
    expect(lines.join('')).toContain('bead.hooked');
    expectClean();
  });

  test('of a sling that cannot be read', async () => {
    const handle = makeFleet({ ledger, clock: realClock, ids, log } as unknown as Parameters<typeof makeFleet>[0]);
    const body = `{"bead":"${idOf(1)}","token":"${token}`;
    await handle({ Records: [{ messageId: 'm', body, attributes: { ApproximateReceiveCount: '1' } }] });
    expect(lines).toHaveLength(1);
    expectClean();
  });

  test('of an effect that fails with it in the error', async () => {
    const record: EffectRecord = { effect: { do: 'succeed_task', token }, tries: 0 };
    await stored.commit({ id: 'effect', changes: [create(keys.effect('c1', 0), record)] });
    const item = (await stored.get(keys.effect('c1', 0))) as Item<EffectRecord> | undefined;
    const workflows = { succeed: () => Promise.reject(new Error(`Invalid token: '${token}'`)) };
    const perform = makeEffects({ ledger, clock: realClock, ids, log, workflows } as unknown as Parameters<
      typeof makeEffects
    >[0]);
    await perform(item ? [item] : []);
    expect(lines.join('')).toContain('effect failed');
    expectClean();
  });
});

function expectClean(): void {
  const written = lines.join('');
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  expect(written).not.toContain('Recognisable0Recognisable0');
  expect(written).not.toContain(secret);
}
