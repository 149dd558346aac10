import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { keys } from '../../../core/keys.ts';
import type { Beat } from '../../../core/polecats/polecat.ts';
import { asJson, create } from '../../../core/step.ts';
import { beadOf, convoyOf, idOf } from '../../core/fixtures.ts';
import { openTown, type TestTown } from './fixture.ts';

let town: TestTown;
beforeEach(async () => {
  town = await openTown();
});
afterEach(async () => {
  expect(town.bugs).toEqual([]);
  await town.close();
});

/** Bead 1 has ended at $1.25; bead 2 has cost $0.50 before, and its attempt at work $0.30 so far. */
async function spent(more: Partial<Convoy> = {}): Promise<void> {
  const { ledger, clock } = town.deps;
  const now = clock.now();
  const convoy = convoyOf({ createdAt: now, ...more });
  const spentMs = { agentMs: 600_000, gateMs: 0, backoffMs: 0 };
  const done = beadOf(1, {
    status: 'closed',
    closedReason: 'merged',
    commit: 'c'.repeat(40),
    attempt: 1,
    budgetUsd: 2,
    costUsd: 1.25,
    spent: spentMs,
  });
  const working = beadOf(2, { status: 'in_progress', attempt: 2, polecat: 'Nux', budgetUsd: 2, costUsd: 0.5 });
  const beat: Beat = {
    ...{ bead: idOf(2), attempt: 2, at: now, state: 'working', step: 'agent', costUsd: 0.3, outputBytes: 0 },
    ...{ activeAt: now, tail: '', logChunks: [] },
  };
  await ledger.commit({
    id: 'spent',
    changes: [
      create(convoy, convoy.body),
      create(done, done.body),
      create(working, working.body),
      create(keys.beadSpec(idOf(2)), { instructions: '', acceptance: [] }),
      create(keys.beat('Nux'), asJson(beat) as object),
      create(keys.budget(now), { reservedUsd: 1.5, spentUsd: 1.75 }),
      create(keys.convoyListing(now, convoy.body.id), {}),
    ],
  });
}

test('costs are told by day and by bead, with what an attempt at work has spent', async () => {
  await spent();
  const { body: whole } = await town.ask('GET', '/v1/costs?days=2');
  expect(whole.days).toHaveLength(2);
  expect(whole.days[0]).toMatchObject({ spentUsd: 1.75, reservedUsd: 1.5 });
  expect(whole.days[1]).toMatchObject({ spentUsd: 0, reservedUsd: 0 });
  expect(whole.of).toEqual([]);
  const { body: beads } = await town.ask('GET', '/v1/costs?convoy=aaaaaa');
  expect(beads.of).toMatchObject([
    { id: idOf(1), modelUsd: 1.25 },
    { id: idOf(2), modelUsd: 0.8 },
  ]);
});

test('a convoy and its beads tell what is spent by attempts at work apart from what is booked', async () => {
  await spent();
  const { body: convoy } = await town.ask('GET', '/v1/convoys/aaaaaa');
  expect(convoy).toMatchObject({
    costUsd: 1.75,
    runningUsd: 0.3,
    beads: [
      { id: idOf(1), costUsd: 1.25, runningUsd: 0 },
      { id: idOf(2), costUsd: 0.5, runningUsd: 0.3 },
    ],
  });
  expect(convoy).not.toHaveProperty('report');
  const { body: bead } = await town.ask('GET', `/v1/beads/${idOf(2)}`);
  expect(bead).toMatchObject({ costUsd: 0.5, runningUsd: 0.3 });
});

test('a convoy that has landed comes with its report', async () => {
  await spent({ status: 'landed', closedAt: 2 });
  const { body } = await town.ask('GET', '/v1/convoys/aaaaaa');
  expect(body.report).toMatchObject({
    commits: [{ commit: 'c'.repeat(40), bead: idOf(1) }],
    costUsd: 1.75,
    attempts: 3,
    lookAt: [],
  });
});

test('what is not there is said (404), and so are more days than a month has (400)', async () => {
  await spent();
  expect((await town.ask('GET', '/v1/costs?convoy=zzzzzz')).status).toBe(404);
  expect((await town.ask('GET', '/v1/costs?days=99')).status).toBe(400);
});
