import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { saveBead } from '../../../core/convoys/save-bead.ts';
import { escalationId } from '../../../core/escalations/escalation.ts';
import { type Alarm, openEscalation } from '../../../core/escalations/open.ts';
import { keys } from '../../../core/keys.ts';
import { beadCause } from '../../../core/molecules/before-a-human.ts';
import type { Cause } from '../../../core/runbooks.ts';
import { recordOf, toCommit } from '../../../core/step.ts';
import { account } from '../../core/escalations/account.ts';
import { makeTestRig, type TestRig } from '../../git/rig.ts';
import { intentText, openTown, type TestTown } from '../api/fixture.ts';

let rig: TestRig;
let town: TestTown;
let bead: string;

async function raise(alarm: Partial<Alarm> & { cause: Cause }): Promise<string> {
  const { ledger, ids, clock } = town.deps;
  const now = clock.now();
  const was = recordOf<never>(await ledger.get(keys.escalation(escalationId(alarm.cause))));
  const step = openEscalation(was, { severity: 'medium', title: 'A thing', ...account, ...alarm }, now);
  expect(await ledger.commit(toCommit(step, ids.ulid(), now))).toEqual({ ok: true });
  return escalationId(alarm.cause);
}

beforeAll(async () => {
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'hello' });
  town = await openTown();
  await town.ask('POST', '/v1/rigs', { body: { name: 'green', url: rig.remote.url } });
  const { convoy } = (await town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'green' } })).body;
  await town.plan(convoy.id);
  bead = (await town.ask('GET', `/v1/convoys/${convoy.id}`)).body.beads[0].id;
});
afterAll(async () => {
  expect(town.bugs).toEqual([]);
  await town.close();
  rig.remove();
});

const listed = async (): Promise<string[]> =>
  (await town.ask('GET', '/v1/escalations')).body.escalations.map((one: { id: string }) => one.id);

describe('an escalation', () => {
  test('is listed until it is closed, and opens anew for the same cause', async () => {
    const id = await raise({ cause: 'queue/green/main/trouble' });
    expect(await listed()).toEqual([id]);
    expect((await town.ask('POST', `/v1/escalations/${id}/close`)).body).toMatchObject({
      status: 'closed',
      closedBy: 'ada',
    });
    expect(await listed()).toEqual([]);
    expect(await raise({ cause: 'queue/green/main/trouble' })).toBe(id);
    expect((await town.ask('GET', `/v1/escalations/${id}`)).body).toMatchObject({ status: 'open', times: 2 });
    await town.ask('POST', `/v1/escalations/${id}/close`);
  });

  test('acknowledged keeps the first name, leaves the Witness’s attention, and stays listed', async () => {
    const id = await raise({ cause: 'town/breaker' });
    expect((await town.deps.ledger.get(keys.escalation(id)))?.attentionAt).toBeDefined();
    const answers = await Promise.all([1, 2, 3].map(() => town.ask('POST', `/v1/escalations/${id}/ack`)));
    for (const answer of answers) expect(answer.body).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'ada' });
    expect((await town.deps.ledger.get(keys.escalation(id)))?.attentionAt).toBeUndefined();
    expect(await listed()).toEqual([id]);
    await town.ask('POST', `/v1/escalations/${id}/close`);
    expect((await town.ask('POST', `/v1/escalations/${id}/close`)).status).toBe(200);
    expect(await town.ask('POST', `/v1/escalations/${id}/ack`)).toMatchObject({
      status: 409,
      body: { code: 'ESCALATION_CLOSED' },
    });
  });

  test('that asks nothing cannot be answered (409)', async () => {
    const id = await raise({ cause: 'fleet/no-room' });
    const answer = await town.ask('POST', `/v1/escalations/${id}/answer`, { body: { text: 'yes' } });
    expect(answer).toMatchObject({ status: 409, body: { code: 'ESCALATION_NO_QUESTION' } });
    await town.ask('POST', `/v1/escalations/${id}/close`);
  });

  test('of a bead takes an answer to the bead’s next attempt, and is closed by it', async () => {
    const { ledger, ids, clock } = town.deps;
    const was = recordOf<Bead>(await ledger.get(keys.bead(bead)));
    if (!was) throw new Error('no bead');
    const waiting: Bead = {
      ...was.body,
      status: 'escalated',
      outcome: { kind: 'escalated', question: 'Which one?', severity: 'high' },
    };
    await ledger.commit({ id: ids.ulid(), changes: [saveBead(was, waiting, clock.now())] });
    const id = await raise({ cause: beadCause(bead), bead, rig: 'green', title: 'Which one?' });
    const why = (await town.ask('GET', `/v1/why/${id}`)).body.reasons;
    expect(why.map((reason: { about: string }) => reason.about)).toContain(`bead ${bead}`);

    const answer = await town.ask('POST', `/v1/escalations/${id}/answer`, { body: { text: 'the left one' } });
    expect(answer.body).toMatchObject({ status: 'closed', answer: 'the left one', closedBy: 'ada' });
    expect((await town.ask('GET', `/v1/beads/${bead}`)).body).toMatchObject({ answer: 'the left one' });
    expect((await town.ask('GET', `/v1/beads/${bead}`)).body.status).not.toBe('escalated');
    expect(await listed()).toEqual([]);
    const again = await town.ask('POST', `/v1/escalations/${id}/answer`, { body: { text: 'the right one' } });
    expect(again).toMatchObject({ status: 409, body: { code: 'ESCALATION_CLOSED' } });
  });
});
