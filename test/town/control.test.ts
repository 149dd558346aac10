/** What a human does to a town at work, and what the API makes of bad requests, over real HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Convoy } from '../../core/convoys/convoy.ts';
import type { TestRig } from '../git/rig.ts';
import type { Problem } from './api-client.ts';
import { openStage, type Stage, task } from './stage.ts';
import { pause } from './town-process.ts';

jest.setTimeout(120_000);

let stage: Stage;
let rig: TestRig;
beforeAll(async () => {
  stage = await openStage({ polecatsPerTown: 4 });
  rig = await stage.rig('green');
});
afterAll(() => stage?.close());

const writes = (name: string, ...fields: readonly string[]): string =>
  task(name, `sleep 0.2; echo ${name} > ${name}.txt`, ...fields);

describe('a town at work', () => {
  test('that is stopped starts nothing and lands nothing; thawed, it goes on where it was', async () => {
    const convoy = await stage.api.submit('green', `# Stop\n\n${writes('a')}\n${writes('b', 'needs: a')}`, 'stop');
    await stage.until('work on it', async () => {
      const { beads } = await stage.api.convoy(convoy);
      return beads[0]?.status === 'in_progress' || beads[0]?.status === 'submitted' || undefined;
    });
    await stage.api.must('POST', '/v1/estop', { because: 'a look around' });
    const main = rig.head('main');
    const later = await stage.api.submit('green', `# Later\n\n${writes('later')}`, 'later');
    // Long enough for everything that is under way to end, and for a landing that must not come.
    await stage.until('the end of the attempt', async () => {
      const { beads } = await stage.api.convoy(convoy);
      return beads[0]?.status === 'submitted' || beads[0]?.status === 'closed' || undefined;
    });
    await pause(1500);
    const [first, second] = (await stage.api.convoy(convoy)).beads;
    // A landing whose push was under way when the town was stopped may still arrive; nothing after it.
    if (first?.status !== 'closed') expect(rig.head('main')).toBe(main);
    expect(second).toMatchObject({ status: 'open', attempt: 0 });
    expect((await stage.api.convoy(later)).beads).toMatchObject([{ status: 'open', attempt: 0 }]);
    expect(await stage.api.must('GET', '/v1/status')).toMatchObject({ estop: { because: 'a look around' } });

    await stage.api.must('POST', '/v1/thaw');
    expect(await stage.rest(convoy)).toMatchObject({ status: 'landed' });
    expect(await stage.rest(later)).toMatchObject({ status: 'landed' });
  });

  test('whose convoy is cancelled stops its polecats, frees their names and slots, and lands nothing of it', async () => {
    const main = rig.head('main');
    const tasks = ['x', 'y', 'z'].map((name) => task(name, `sleep 98770; echo ${name} > ${name}.txt`));
    const convoy = await stage.api.submit('green', `# Cancel\n\n${tasks.join('\n')}`, 'cancel');
    await stage.until('three polecats at work', async () => {
      const { beads } = await stage.api.convoy(convoy);
      return beads.filter(({ status }) => status === 'in_progress').length === 3 || undefined;
    });
    await stage.api.must('POST', `/v1/convoys/${convoy}/cancel`);
    const gone = await stage.until('the end of its polecats', async () => {
      const { polecats } = await stage.api.must<{ polecats: unknown[] }>('GET', '/v1/polecats');
      const { polecats: held } = await stage.api.must<{ polecats: { slotsHeld: number } }>('GET', '/v1/status');
      return polecats.length === 0 && held.slotsHeld === 0 ? await stage.api.convoy(convoy) : undefined;
    });
    expect(gone).toMatchObject({ status: 'cancelled', progress: { total: 3, cancelled: 3, landed: 0 } });
    expect(rig.head('main')).toBe(main);
    // The same names and slots serve at once.
    expect(await stage.play('green', writes('after'))).toMatchObject({ status: 'landed' });
  });
});

describe('a request', () => {
  test('for an unknown rig is refused with the nearest name', async () => {
    const answer = await stage.api.call<Problem>('POST', '/v1/intents', { rig: 'gren', text: writes('a') });
    expect(answer).toMatchObject({ status: 404, body: { code: 'RIG_UNKNOWN' } });
    expect(`${answer.body.detail} ${answer.body.remedy}`).toContain('green');
  });

  test('whose plan has a cycle makes a convoy that is stalled with the path of the cycle, and no bead', async () => {
    const text = `# Round\n\n${writes('a', 'needs: b')}\n${writes('b', 'needs: a')}`;
    const convoy = await stage.rest(await stage.api.submit('green', text, 'round'));
    expect(convoy).toMatchObject({ status: 'stalled', progress: { total: 0 }, beads: [] });
    expect(convoy.faults).toMatchObject([{ code: 'PLAN_CYCLE', what: expect.stringMatching(/a → b → a|b → a → b/) }]);
  });

  test('that comes twenty times at once with one key is one intent, and one more with another body is refused', async () => {
    const text = `# Once\n\n${writes('once')}`;
    const ask = (body: string) =>
      stage.api.call<{ convoy: Convoy; repeated: boolean }>(
        'POST',
        '/v1/intents',
        { rig: 'green', text: body },
        { 'idempotency-key': 'once' },
      );
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(text)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 202]);
    expect(new Set(answers.map(({ body }) => body.convoy.id)).size).toBe(1);
    expect(await ask(`${text}\n`)).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await stage.rest(answers[0]?.body.convoy.id ?? '')).toMatchObject({ status: 'landed' });
    expect(rig.subjects('main').filter((subject) => subject === 'Do once')).toHaveLength(1);
  });

  test('to add a repository that does not exist is refused, and leaves no rig behind', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'gastown-no-repository-'));
    for (const url of [join(empty, 'nowhere.git'), empty, 'https://127.0.0.1:9/none.git']) {
      const answer = await stage.api.call<Problem>('POST', '/v1/rigs', { name: 'ghost', url });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer).toMatchObject({
        body: { code: expect.stringMatching(/^REPO_/), remedy: expect.stringMatching(/\w/) },
      });
    }
    rmSync(empty, { recursive: true });
    expect(await stage.api.must('GET', '/v1/rigs')).toMatchObject({ rigs: [{ name: 'green' }] });
    expect(await stage.api.call('GET', '/v1/rigs/ghost')).toMatchObject({ status: 404 });
  });
});
