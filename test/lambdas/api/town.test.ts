import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { makeTestRig, type TestRig } from '../../git/rig.ts';
import { intentText, openTown, type TestTown } from './fixture.ts';

let rig: TestRig;
let town: TestTown;
beforeAll(() => {
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'hello' });
});
afterAll(() => rig.remove());
beforeEach(async () => {
  town = await openTown();
  await town.ask('POST', '/v1/rigs', { body: { name: 'green', url: rig.remote.url } });
});
afterEach(async () => {
  expect(town.bugs).toEqual([]);
  await town.close();
});

async function submitted(body: object = {}): Promise<string> {
  const answer = await town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'green', ...body } });
  expect(answer.status).toBe(202);
  return answer.body.convoy.id;
}

describe('intents', () => {
  test('an intent becomes a convoy that is being planned (202)', async () => {
    const answer = await town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'green' } });
    expect(answer).toMatchObject({
      status: 202,
      body: { repeated: false, convoy: { status: 'planning', rig: 'green', submittedBy: 'ada' } },
    });
  });

  test('the same idempotency key is the same convoy (200); with another body it is refused (409)', async () => {
    const headers = { 'idempotency-key': 'monday-1' };
    const first = await town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'green' }, headers });
    const again = await town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'green' }, headers });
    expect(again).toMatchObject({ status: 200, body: { repeated: true, convoy: { id: first.body.convoy.id } } });
    const other = await town.ask('POST', '/v1/intents', { body: { text: `${intentText}\n`, rig: 'green' }, headers });
    expect(other).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  test('the same key from many callers at once is one convoy', async () => {
    const headers = { 'idempotency-key': 'all-at-once' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'green' }, headers }),
      ),
    );
    expect(new Set(answers.map((answer) => answer.body.convoy.id)).size).toBe(1);
    expect(answers.filter((answer) => answer.status === 202)).toHaveLength(1);
    expect((await town.ask('GET', '/v1/convoys')).body.convoys).toHaveLength(1);
  });

  test('a key that no header can carry well is refused (400)', async () => {
    const headers = { 'idempotency-key': 'a b' };
    const answer = await town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'green' }, headers });
    expect(answer.status).toBe(400);
  });

  test('an intent for an unknown rig is refused with the nearest name (404)', async () => {
    const answer = await town.ask('POST', '/v1/intents', { body: { text: intentText, rig: 'gren' } });
    expect(answer).toMatchObject({ status: 404, body: { code: 'RIG_UNKNOWN' } });
    expect(answer.body.detail).toContain('Did you mean "green"?');
  });

  test('a plan with a cycle stalls its convoy, which names the faults', async () => {
    const text = '# Loop\n\n- [ ] a: A\n  needs: b\n\n- [ ] b: B\n  needs: a\n';
    const id = await submitted({ text });
    await town.plan(id).catch(() => undefined);
    const { body } = await town.ask('GET', `/v1/convoys/${id}`);
    expect(body.status).toBe('stalled');
    expect(JSON.stringify(body.faults)).toMatch(/cycle/i);
    const reasons = (await town.ask('GET', `/v1/why/${id}`)).body.reasons;
    expect(reasons[0]).toMatchObject({ status: 'stalled' });
  });
});

describe('convoys and beads', () => {
  test('are shown with what each bead asks for, needs and waits for', async () => {
    const id = await submitted();
    await town.plan(id);
    const { body: convoy } = await town.ask('GET', `/v1/convoys/${id}`);
    expect(convoy).toMatchObject({ status: 'open', progress: { total: 3, landed: 0 } });
    const [greet, cli] = convoy.beads;
    expect(cli).toMatchObject({ name: 'cli', needs: [greet.id], blockedBy: [greet.id], status: 'open' });
    const { body: detail } = await town.ask('GET', `/v1/beads/${greet.id}`);
    expect(detail.spec).toMatchObject({ acceptance: ['it says hello'], script: 'echo hello > greet.txt\n' });
  });

  test('the graph has every need as an edge, and a level for each step', async () => {
    const id = await submitted();
    await town.plan(id);
    const { body } = await town.ask('GET', `/v1/convoys/${id}/graph`);
    expect(body.nodes.map((node: { name: string }) => node.name)).toEqual(['greet', 'cli', 'docs']);
    expect(body.edges).toHaveLength(3);
    expect(body.levels.map((level: string[]) => level.length)).toEqual([1, 1, 1]);
  });

  test('a rig’s ready beads are those in line, its beads those that have not ended', async () => {
    const id = await submitted();
    await town.plan(id);
    const ready = await town.ask('GET', '/v1/beads?rig=green&ready=true');
    expect(ready.body.beads.map((bead: { name: string }) => bead.name)).toEqual(['greet']);
    expect((await town.ask('GET', '/v1/beads?rig=green')).body.beads).toHaveLength(3);
    expect((await town.ask('GET', `/v1/beads?convoy=${id}`)).body.beads).toHaveLength(3);
    expect(await town.ask('GET', '/v1/beads')).toMatchObject({ status: 400, body: { code: 'QUERY_INCOMPLETE' } });
  });

  test('are listed newest first, a page at a time, without gaps or repeats', async () => {
    const ids = [];
    for (let i = 0; i < 5; i += 1) ids.push(await submitted());
    const listed: string[] = [];
    for (let path = '/v1/convoys?limit=2'; path !== ''; ) {
      const { body } = await town.ask('GET', path);
      listed.push(...body.convoys.map((convoy: { id: string }) => convoy.id));
      path = body.next === undefined ? '' : `/v1/convoys?limit=2&cursor=${encodeURIComponent(body.next)}`;
    }
    expect(new Set(listed)).toEqual(new Set(ids));
    expect(listed).toHaveLength(5);
    expect(await town.ask('GET', '/v1/convoys?cursor=nonsense')).toMatchObject({
      status: 400,
      body: { code: 'CURSOR_INVALID' },
    });
  });

  test('what does not exist is said to be unknown (404)', async () => {
    for (const [path, code] of [
      ['/v1/convoys/zzzzzz', 'CONVOY_UNKNOWN'],
      ['/v1/convoys/ZZ%23', 'CONVOY_UNKNOWN'],
      ['/v1/convoys/zzzzzz/graph', 'CONVOY_UNKNOWN'],
      ['/v1/beads/gr-zzzzzz-1', 'BEAD_UNKNOWN'],
      ['/v1/beads/gr-zzzzzz-1/merge-request', 'BEAD_UNKNOWN'],
      ['/v1/beads/%2e%2e', 'ROUTE_UNKNOWN'],
      ['/v1/beads/x%00y', 'BEAD_UNKNOWN'],
      ['/v1/rigs/blue', 'RIG_UNKNOWN'],
      ['/v1/rigs/blue/queue', 'RIG_UNKNOWN'],
      ['/v1/polecats/Toast/log', 'POLECAT_UNKNOWN'],
      ['/v1/escalations/esc-000000000000', 'ESCALATION_UNKNOWN'],
      ['/v1/why/nothing-at-all', 'ID_UNKNOWN'],
      [`/v1/blobs/${'0'.repeat(64)}`, 'BLOB_UNKNOWN'],
      ['/v1/blobs/..%2f..%2fetc', 'BLOB_UNKNOWN'],
    ] as const) {
      expect([path, (await town.ask('GET', path)).body.code]).toEqual([path, code]);
    }
  });

  test('a bead is found by its whole id only, not by its number in the convoy', async () => {
    const id = await submitted();
    await town.plan(id);
    expect(await town.ask('GET', `/v1/beads/other-${id}-1`)).toMatchObject({
      status: 404,
      body: { code: 'BEAD_UNKNOWN' },
    });
  });

  test('a staged convoy waits until it is launched', async () => {
    const id = await submitted({ plan: 'review' });
    await town.plan(id);
    expect((await town.ask('GET', `/v1/convoys/${id}`)).body.status).toBe('staged');
    const reasons = (await town.ask('GET', `/v1/why/${id}`)).body.reasons;
    expect(reasons[0]).toMatchObject({ status: 'staged', todo: `gt convoy launch ${id}` });
    expect((await town.ask('POST', `/v1/convoys/${id}/launch`)).body.status).toBe('open');
  });

  test('a cancelled convoy stays cancelled, and cannot be retried (409)', async () => {
    const id = await submitted();
    await town.plan(id);
    expect((await town.ask('POST', `/v1/convoys/${id}/cancel`)).body.status).toBe('cancelled');
    expect((await town.ask('POST', `/v1/convoys/${id}/cancel`)).status).toBe(200);
    expect(await town.ask('POST', `/v1/convoys/${id}/retry`)).toMatchObject({ status: 409 });
  });

  test('a bead closed as superseded is closed without a commit, and says who and why', async () => {
    const id = await submitted();
    await town.plan(id);
    const bead = `${(await town.ask('GET', `/v1/convoys/${id}`)).body.beads[0].id}`;
    const answer = await town.ask('POST', `/v1/beads/${bead}/close`, { body: { note: 'done by hand' } });
    expect(answer.body).toMatchObject({ status: 'closed', closedReason: 'superseded' });
    const { history } = (await town.ask('GET', `/v1/beads/${bead}`)).body;
    expect(history.at(-1)).toMatchObject({ who: 'ada' });
    expect(await town.ask('POST', `/v1/beads/${bead}/sling`)).toMatchObject({ status: 409 });
  });

  test('a cancelled bead blocks what needs it for good, and why says so', async () => {
    const id = await submitted();
    await town.plan(id);
    const [greet, cli] = (await town.ask('GET', `/v1/convoys/${id}`)).body.beads;
    expect((await town.ask('POST', `/v1/beads/${greet.id}/cancel`)).body.status).toBe('cancelled');
    await town.tick(id);
    const reasons = (await town.ask('GET', `/v1/why/${cli.id}`)).body.reasons;
    expect(reasons[0].because).toContain('failed or was cancelled');
    expect(reasons[0].todo).toContain('gt convoy retry');
  });
});

describe('the town', () => {
  test('status counts convoys, lines, queues and escalations', async () => {
    await town.plan(await submitted());
    const { body } = await town.ask('GET', '/v1/status');
    expect(body).toMatchObject({
      breakerOpen: false,
      polecats: { alive: 0, slotsHeld: 0 },
      convoys: { open: 1 },
      escalations: { critical: 0, high: 0, medium: 0, low: 0 },
      costs: { todayUsd: 0 },
      rigs: [{ name: 'green', inLine: 1, queues: [{ target: 'main', landed: 0, paused: false, landing: false }] }],
    });
  });

  test('stopped, it says by whom and why, everywhere that asks; thawed, no more', async () => {
    const id = await submitted();
    await town.plan(id);
    await town.ask('POST', '/v1/estop', { body: { because: 'the build farm burns' } });
    expect((await town.ask('GET', '/v1/status')).body.estop).toMatchObject({
      stopped: true,
      by: 'ada',
      because: 'the build farm burns',
    });
    const bead = (await town.ask('GET', `/v1/convoys/${id}`)).body.beads[0].id;
    for (const about of ['green', id, bead]) {
      const { reasons } = (await town.ask('GET', `/v1/why/${about}`)).body;
      expect(reasons).toContainEqual(expect.objectContaining({ about: 'town', status: 'stopped', todo: 'gt thaw' }));
    }
    await town.ask('POST', '/v1/thaw');
    expect((await town.ask('GET', '/v1/status')).body.estop).toBeUndefined();
  });

  test('the feed tells what happened in order, and goes on after any event', async () => {
    await town.plan(await submitted());
    const { events } = (await town.ask('GET', '/v1/feed')).body;
    expect(events[0]).toMatchObject({ kind: 'rig.added', who: 'ada', rig: 'green' });
    expect(events.length).toBeGreaterThan(2);
    const after = (await town.ask('GET', `/v1/feed?since=${events[0].id}`)).body.events;
    expect(after).toEqual(events.slice(1));
    expect((await town.ask('GET', '/v1/feed?limit=1')).body.events).toEqual(events.slice(-1));
    expect((await town.ask('GET', `/v1/feed?since=${events.at(-1).id}`)).body.events).toEqual([]);
    expect(await town.ask('GET', '/v1/feed?since=yesterday')).toMatchObject({
      status: 400,
      body: { code: 'CURSOR_INVALID' },
    });
  });

  test('an intent’s text can be read back from its blob', async () => {
    const id = await submitted();
    const { intent } = (await town.ask('GET', `/v1/convoys/${id}`)).body;
    expect((await town.ask('GET', `/v1/blobs/${intent}`)).body.text).toBe(intentText);
  });

  test('nobody is at work, and nothing waits for a human, in a new town', async () => {
    expect((await town.ask('GET', '/v1/polecats')).body).toEqual({ polecats: [] });
    expect((await town.ask('GET', '/v1/escalations')).body).toEqual({ escalations: [] });
  });
});
