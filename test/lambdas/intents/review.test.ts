/** What a human does with a plan that waits for approval. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Plan } from '../../../core/convoys/plan.ts';
import type { Model, Repo } from '../../../core/ports.ts';
import { replace } from '../../../core/step.ts';
import { makeHandler } from '../../../lambdas/intents/mayor.ts';
import { editPlan, readPlan, rejectPlan } from '../../../lambdas/intents/review.ts';
import { submitIntent } from '../../../lambdas/intents/submit.ts';
import { load } from '../../../lambdas/platform/load.ts';
import { called, MessagesApi } from '../../local/messages-api.ts';
import { beadsOf, convoyOf, effectsOf, openTown } from './town.ts';

const bead = (name: string, more: object = {}) => ({
  name,
  title: `Do ${name}`,
  instructions: `Change src/${name}.ts so that ${name} is there.`,
  acceptance: [{ kind: 'command', text: 'npm test' }],
  files: [`src/${name}.ts`],
  ...more,
});
const plan = (...beads: object[]) => called('submit_plan', { title: 'A plan', beads });
const checklist =
  '# By hand\n\n- [ ] a: Do a\n  ```sh\n  true\n  ```\n- [ ] b: Do b\n  needs: a\n  ```sh\n  true\n  ```\n';

const api = new MessagesApi();
let model: Model;
beforeAll(async () => {
  model = await api.model();
});
afterEach(() => {
  api.seen.length = 0;
});
afterAll(() => api.close());

/** A repository without a commit: what is planned is not read here. */
const repo = { readRef: async () => undefined } as Pick<Repo, 'readRef'> as Repo;

async function staged(text: string, settings: Record<string, string> = {}) {
  const town = await openTown(settings);
  const { convoy } = await submitIntent(town, { caller: 'ada', text, rig: 'green', plan: 'review' });
  const handle = makeHandler({ ...town, repo, model });
  const planned = async () => (await handle({ op: 'plan', convoy: convoy.id })).go;
  await planned();
  await handle({ op: 'await_approval', convoy: convoy.id, token: 'token-1' });
  return { town, id: convoy.id, planned };
}
const prompts = { 'agent.runtime': 'command', 'agent.command': 'agent {prompt}' };

test('a plan that is sent back is made again, with what the human said and the plan that was', async () => {
  api.answers(plan(bead('all')), plan(bead('a'), bead('b')));
  const { town, id, planned } = await staged('Build it.', prompts);
  await rejectPlan(town, id, 'smaller beads', 'ada');
  await rejectPlan(town, id, 'smaller beads', 'ada');
  expect(await convoyOf(town, id)).toMatchObject({ status: 'planning', progress: { total: 0 } });
  expect((await effectsOf(town)).filter(({ do: what }) => what === 'succeed_task')).toHaveLength(1);
  expect(await planned()).toBe('approve');
  const sent = JSON.stringify(api.seen[1]?.body.messages);
  expect(sent).toContain('smaller beads');
  expect(sent).toContain('Do all');
  expect((await beadsOf(town, id)).map(({ name }) => name)).toEqual(['a', 'b']);
  expect((await convoyOf(town, id)).planning).toMatchObject({ rounds: 2, round: 1 });
});

test('a plan is read as it is handed in, and one that is handed in changed becomes the convoy’s beads', async () => {
  const { town, id, planned } = await staged(checklist);
  const shown = (await readPlan(town, id)) as unknown as Plan;
  expect(shown.beads.map(({ name, needs, script }) => [name, needs, script])).toEqual([
    ['a', [], 'true\n'],
    ['b', ['a'], 'true\n'],
  ]);
  await editPlan(town, id, shown, 'ada');
  expect(await planned()).toBe('approve');
  expect(await readPlan(town, id)).toEqual(shown);
  const [first] = shown.beads;
  if (!first) throw new Error('no bead');
  await editPlan(town, id, { title: 'Mine', beads: [{ ...first, title: 'Do it well' }] }, 'ada');
  expect(await planned()).toBe('approve');
  expect((await beadsOf(town, id)).map(({ title }) => title)).toEqual(['Do it well']);
  expect(await convoyOf(town, id)).toMatchObject({ status: 'staged', title: 'Mine', progress: { total: 1 } });
  expect(api.seen).toEqual([]);
});

test('all faults of a plan by hand are told at once, and nothing of it is taken', async () => {
  const { town, id } = await staged(checklist);
  const { beads } = (await readPlan(town, id)) as unknown as Plan;
  const faulty = beads.map((one) => ({ ...one, name: 'a', files: ['../x'], needs: ['z'] }));
  const edited = editPlan(town, id, { title: '', beads: faulty }, 'ada');
  const codes = ['TITLE_EMPTY', 'FILE_OUTSIDE', 'NEED_UNKNOWN', 'FILE_OUTSIDE', 'NAME_DUPLICATE', 'NEED_UNKNOWN'];
  await expect(edited).rejects.toMatchObject({ status: 422, code: 'PLAN_INVALID' });
  expect((await edited.catch(({ faults }) => faults)).map(({ code }: { code: string }) => code)).toEqual(codes);
  expect(await convoyOf(town, id)).toMatchObject({ status: 'staged' });
});

test('nobody would make another plan of a checklist', async () => {
  const { town, id } = await staged(checklist);
  await expect(rejectPlan(town, id, 'better', 'ada')).rejects.toMatchObject({ status: 409, code: 'PLAN_BY_HAND' });
});

test('a convoy that is open keeps its plan', async () => {
  const { town, id } = await staged(checklist);
  const was = await load.convoy(town.ledger, id);
  const shown = (await readPlan(town, id)) as unknown as Plan;
  if (was)
    await town.ledger.commit({ id: 'o', changes: [replace(was, { ...was.body, status: 'open', launchedAt: 1 })] });
  await expect(rejectPlan(town, id, 'x', 'ada')).rejects.toMatchObject({ code: 'CONVOY_NOT_STAGED' });
  await expect(editPlan(town, id, shown, 'ada')).rejects.toMatchObject({ code: 'CONVOY_NOT_STAGED' });
});

test('a plan that was given up is read as it was, and goes on with what the human says, in a new execution', async () => {
  const faulty = plan(bead('a', { acceptance: [] }));
  api.answers(faulty);
  const { town, id, planned } = await staged('Build it.', prompts);
  await planned();
  expect(await planned()).toBe('refused');
  expect(await readPlan(town, id)).toMatchObject({ beads: [{ name: 'a', acceptance: [] }] });
  api.answers(plan(bead('a')));
  await rejectPlan(town, id, 'the acceptance is npm test', 'ada');
  expect(await convoyOf(town, id)).toMatchObject({ status: 'planning', run: 2 });
  expect((await effectsOf(town)).at(-1)).toEqual({ do: 'start_intent', convoy: id, run: 2 });
  expect((await load.escalation(town.ledger, `convoy/${id}/stalled`))?.body.status).toBe('closed');
  expect(await planned()).toBe('approve');
});
