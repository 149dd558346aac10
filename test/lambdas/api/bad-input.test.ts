/** What the routes of plans, molecules and pull requests answer to those who send rubbish, too much, the same again, or too late. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Plan } from '../../../core/convoys/plan.ts';
import { limits } from '../../../core/limits.ts';
import type { Model } from '../../../core/ports.ts';
import { makeHandler as makeMayor } from '../../../lambdas/intents/mayor.ts';
import { makeTestRig, type TestRig } from '../../git/rig.ts';
import { called, MessagesApi } from '../../local/messages-api.ts';
import { intentText, openTown, type TestTown } from './fixture.ts';

const api = new MessagesApi();
let model: Model;
let rig: TestRig;
let town: TestTown;
beforeAll(async () => {
  model = await api.model();
  rig = makeTestRig();
  rig.commit('main', { 'README.md': 'hello' });
});
afterAll(() => {
  api.close();
  rig.remove();
});
beforeEach(async () => {
  town = await openTown();
  await town.ask('POST', '/v1/rigs', { body: { name: 'green', url: rig.remote.url } });
});
afterEach(async () => {
  expect(town.bugs).toEqual([]);
  await town.close();
});

async function staged(text = intentText): Promise<string> {
  const { body } = await town.ask('POST', '/v1/intents', { body: { text, rig: 'green', plan: 'review' } });
  await makeMayor({ ...town.deps, model, caps: { dayBudgetUsd: 20 } })({ op: 'plan', convoy: body.convoy.id });
  return body.convoy.id;
}

const planOf = async (id: string): Promise<Plan> => (await town.ask('GET', `/v1/convoys/${id}/plan`)).body;
const codesOf = ({ body }: { body: { faults: { code: string }[] } }) => body.faults.map(({ code }) => code);

test('a plan that is no plan is refused (400) with the place of each fault', async () => {
  const id = await staged();
  const put = (body: unknown) => town.ask('PUT', `/v1/convoys/${id}/plan`, { body });
  const [bead] = (await planOf(id)).beads;
  const bad: readonly (readonly [unknown, readonly string[]])[] = [
    [null, ['json']],
    [[], ['json']],
    ['plan', ['json']],
    [{}, ['json/title', 'json/beads']],
    [{ title: 1, beads: {} }, ['json/title', 'json/beads']],
    [{ title: 'x', beads: [null] }, ['json/beads/0']],
    [{ title: 'x', beads: [bead], id: 'y' }, ['json/id']],
    [
      { title: 'x', beads: [{ ...bead, budgetUsd: -1, priority: 5 }] },
      ['json/beads/0/priority', 'json/beads/0/budgetUsd'],
    ],
    [{ title: 'x', beads: [{ ...bead, name: '../x' }] }, ['json/beads/0/name']],
    [{ title: 'x', beads: [{ ...bead, formula: 'x'.repeat(500_000) }] }, ['json/beads/0/formula']],
    [{ title: 'x', beads: [{ ...bead, formula: '../../secret' }] }, ['json/beads/0/formula']],
    [
      { title: 'x', beads: [{ ...bead, status: 'closed', costUsd: 0 }] },
      ['json/beads/0/status', 'json/beads/0/costUsd'],
    ],
    [{ title: 'x', beads: [{ ...bead, acceptance: Array(101).fill('a') }] }, ['json/beads/0/acceptance']],
  ];
  for (const [body, places] of bad) {
    const answer = await put(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'INPUT_INVALID' } });
    expect(answer.body.faults.map(({ at }: { at: string }) => at)).toEqual(places);
  }
  const raw = { raw: '{"title":', headers: { 'content-type': 'application/json' } };
  expect(await town.ask('PUT', `/v1/convoys/${id}/plan`, raw)).toMatchObject({
    status: 400,
    body: { code: 'BODY_NOT_JSON' },
  });
  expect(await town.ask('PUT', `/v1/convoys/${id}/plan`)).toMatchObject({ status: 400 });
  expect((await planOf(id)).beads).toHaveLength(3);
});

test('a plan that cannot be a convoy is refused (422) with all of its faults, however large it is', async () => {
  const id = await staged();
  const was = await planOf(id);
  const put = (plan: object) => town.ask('PUT', `/v1/convoys/${id}/plan`, { body: plan });
  const [bead] = was.beads;
  if (!bead) throw new Error('no bead');
  expect(codesOf(await put({ title: '', beads: [] }))).toEqual(['TITLE_EMPTY', 'PLAN_EMPTY']);
  const twins = {
    ...was,
    beads: [bead, bead, { ...bead, name: 'c', needs: ['c', 'z', 'z'], rig: 'gren', runtime: 'hal' }],
  };
  expect(codesOf(await put(twins)).sort()).toEqual(
    ['NAME_DUPLICATE', 'NEED_DUPLICATE', 'NEED_SELF', 'NEED_UNKNOWN', 'RIG_UNKNOWN', 'RUNTIME_UNKNOWN'].sort(),
  );
  const ring = was.beads.map((one, i) => ({ ...one, needs: [was.beads[(i + 1) % 3]?.name] }));
  expect(codesOf(await put({ ...was, beads: ring }))).toEqual(['PLAN_CYCLE']);
  const many = Array.from({ length: limits.beadsPerConvoyMax + 1 }, (_, i) => ({ ...bead, name: `b${i}` }));
  expect(codesOf(await put({ ...was, beads: many }))).toEqual(['PLAN_TOO_LARGE']);
  const huge = { ...was, title: 'x'.repeat(limits.requestBytesMax) };
  expect(await put(huge)).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  expect(await planOf(id)).toEqual(was);
});

test('the same plan twice, or by two at once, is one change', async () => {
  const id = await staged();
  const plan = { ...(await planOf(id)), title: 'Mine' };
  const answers = await Promise.all([1, 2, 3, 4].map(() => town.ask('PUT', `/v1/convoys/${id}/plan`, { body: plan })));
  expect(answers.map(({ status, body }) => [status, body.status])).toEqual(Array(4).fill([200, 'planning']));
  const { body } = await town.ask('GET', `/v1/feed?limit=50`);
  expect(body.events.filter(({ kind }: { kind: string }) => kind === 'convoy.replanned')).toHaveLength(1);
});

test('a rejection needs a comment, a plan by a model, and a convoy that waits for approval', async () => {
  const byHand = await staged();
  const reject = (id: string, body: unknown) => town.ask('POST', `/v1/convoys/${id}/reject`, { body });
  for (const body of [
    {},
    { comment: '' },
    { comment: ' \n' },
    { comment: 7 },
    { comment: 'x'.repeat(4001) },
    { comment: 'x', by: 'me' },
  ])
    expect(await reject(byHand, body)).toMatchObject({ status: 400, body: { code: 'INPUT_INVALID' } });
  expect(await reject(byHand, { comment: 'x' })).toMatchObject({ status: 409, body: { code: 'PLAN_BY_HAND' } });

  await town.ask('PATCH', '/v1/rigs/green/config', {
    body: { 'agent.runtime': 'command', 'agent.command': 'agent {prompt}' },
  });
  const bead = {
    name: 'a',
    title: 'Do a',
    instructions: 'Change src/a.ts so that it says hello.',
    acceptance: [{ kind: 'command', text: 'npm test' }],
    files: ['src/a.ts'],
  };
  api.answers(called('submit_plan', { title: 'A plan', beads: [bead] }));
  const byModel = await staged('Do a.');
  const twice = [await reject(byModel, { comment: 'smaller' }), await reject(byModel, { comment: 'smaller' })];
  expect(twice).toMatchObject([
    { status: 200, body: { status: 'planning' } },
    { status: 200, body: { status: 'planning' } },
  ]);
  expect(await reject(byModel, { comment: 'no, larger' })).toMatchObject({
    status: 409,
    body: { code: 'CONVOY_NOT_STAGED' },
  });
});

test('in a convoy that is open, or over, no plan is changed (409)', async () => {
  for (const verb of ['launch', 'cancel']) {
    const id = await staged();
    const plan = await planOf(id);
    await town.ask('POST', `/v1/convoys/${id}/${verb}`);
    const late = { status: 409, body: { code: 'CONVOY_NOT_STAGED' } };
    expect(await town.ask('PUT', `/v1/convoys/${id}/plan`, { body: plan })).toMatchObject(late);
    expect(await town.ask('POST', `/v1/convoys/${id}/reject`, { body: { comment: 'x' } })).toMatchObject(late);
  }
});

test('what does not exist has no plan and no molecule, whatever it is called (404)', async () => {
  const plan = await planOf(await staged());
  for (const id of ['zzzzzz', 'ZZ%23', 'x%00y', 'CONVOY%23a', '%F0%9F%90%9D', 'a'.repeat(64)]) {
    const unknown = { status: 404, body: { code: 'CONVOY_UNKNOWN' } };
    expect(await town.ask('GET', `/v1/convoys/${id}/plan`)).toMatchObject(unknown);
    expect(await town.ask('PUT', `/v1/convoys/${id}/plan`, { body: plan })).toMatchObject(unknown);
    expect(await town.ask('POST', `/v1/convoys/${id}/reject`, { body: { comment: 'x' } })).toMatchObject(unknown);
    expect(await town.ask('GET', `/v1/beads/${id}/molecule`)).toMatchObject({
      status: 404,
      body: { code: 'BEAD_UNKNOWN' },
    });
  }
  expect(await town.ask('GET', `/v1/beads/${'a'.repeat(5000)}/molecule`)).toMatchObject({ status: 400 });
});

test('a bead that nobody has begun has a molecule without steps', async () => {
  const id = await staged();
  const { body } = await town.ask('GET', `/v1/beads?convoy=${id}`);
  expect(await town.ask('GET', `/v1/beads/${body.beads[0].id}/molecule`)).toMatchObject({
    status: 200,
    body: { formula: 'polecat-work', status: 'open', steps: [] },
  });
});

test('what is told of a pull request must be of one, and of a rig that there is', async () => {
  const tell = (body: unknown, rigName = 'green') => town.ask('POST', `/v1/rigs/${rigName}/pull-requests`, { body });
  const bad = [
    ...[{}, { number: 0, state: 'merged' }, { number: 1.5, state: 'open' }, { number: 7, state: 'draft' }],
    ...[
      { number: 7, state: 'open', branch: 'a b' },
      { number: 7, state: 'open', branch: 'x'.repeat(251) },
    ],
    { number: 7, state: 'open', head: 'x' },
  ];
  for (const body of bad) expect(await tell(body)).toMatchObject({ status: 400, body: { code: 'INPUT_INVALID' } });
  expect(await tell({ number: 7, state: 'open' }, 'gren')).toMatchObject({
    status: 404,
    body: { code: 'RIG_UNKNOWN' },
  });
  const same = await Promise.all([1, 2, 3].map(() => tell({ number: 7, state: 'merged', branch: 'fix' })));
  expect(same.filter(({ body }) => body.news)).toHaveLength(1);
});
