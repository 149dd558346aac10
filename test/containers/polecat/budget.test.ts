import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { MessagesServer } from '../../../bin/demo/rehearsal/messages-server.ts';
import { usdOf } from '../../../core/costs/model-usage.ts';
import { jobFor, type Rig, until, Yard } from './rig.ts';

jest.setTimeout(90_000);

const yard = new Yard();
const { town } = yard;
const server = new MessagesServer();
const key = 'sk-ant-the-real-key-of-this-town';
let rig: Rig;
let upstream: Readonly<Record<string, string>>;

beforeAll(async () => {
  await yard.open();
  rig = yard.makeRig('rig');
  upstream = { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: await server.listen() };
});
afterAll(async () => {
  await server.close();
  await yard.close();
});
afterEach(() => {
  expect(town.faults).toEqual([]);
  town.beats.length = 0;
  town.onBeat = () => ({ superseded: false, stop: null, nudge: null });
});

const usage = { input_tokens: 10_000, output_tokens: 500 };
const usd = usdOf('claude-sonnet-4-6', usage);

/** An agent that asks the model so often, and writes down what it answered. */
const asking = (times: number, then = ''): string => `
  echo begun > begun.txt
  cat > ask.mjs <<'END'
const { ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: key } = process.env;
for (let i = 0; i < ${times}; i += 1) {
  const response = await fetch(base + '/v1/messages', {
    method: 'POST',
    headers: { 'x-api-key': key },
    body: JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 1000, stream: true, messages: [{ role: 'user', content: 'x '.repeat(5000) }], tools: [{}] }),
  });
  console.log(response.status, await response.text());
}
END
  node ask.mjs; rm ask.mjs; ${then}`;

test('an agent’s calls are billed to its attempt, told by its beats, and it never sees the real key', async () => {
  server.script({ text: 'hello from the model', usage });
  const job = jobFor(rig, asking(2, 'env; cat /proc/self/environ; set'), { budgetUsd: 1 });
  const report = await yard.polecat(job, upstream);
  expect(report).toMatchObject({ status: 'completed', costUsd: 2 * usd });
  expect(town.logOf(report)).toContain('hello from the model');
  expect(town.logOf(report)).not.toContain(key);
  expect(server.requests.map(({ headers }) => headers['x-api-key'])).toEqual([key, key]);
  const costs = town.beats.map(({ costUsd }) => costUsd);
  expect([...costs].sort((a, b) => a - b)).toEqual(costs);
  expect(costs).toContain(2 * usd);
  expect(town.beats.some(({ heldUsd = 0 }) => heldUsd > 0)).toBe(true);
  expect(town.beats.at(-1)?.heldUsd).toBe(0);
});

test('at the cap the agent is stopped, what there is is pushed, and the report says how much of what was spent', async () => {
  server.script({ text: 'dear', usage });
  server.inputTokens = usage.input_tokens;
  const job = jobFor(rig, asking(9, 'echo survived > survived.txt; sleep 600'), { budgetUsd: 0.15 });
  const report = await yard.polecat(job, upstream);
  expect(report).toMatchObject({ status: 'failed', cause: 'budget', head: rig.tip(job.branch) });
  expect(report).toHaveProperty('detail', expect.stringMatching(/^of \$0\.15 that were left .* has spent \$0\.0[78],/));
  expect(report.costUsd).toBeCloseTo(2 * usd, 9);
  expect(server.billed).toHaveLength(2);
  expect(rig.show(job.branch, 'begun.txt')).toBe('begun');
});

test('a harness that is killed in mid-call has said before what that call may cost', async () => {
  let release = (): void => {};
  const silentUntil = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.script({ text: 'never heard', silentUntil, usage });
  town.job = jobFor(rig, asking(1), { budgetUsd: 1 });
  const { child, ended } = yard.start({ kind: 'polecat', bead: 'gh-000000-9', attempt: 1 }, upstream);
  await until('the call', () => server.calls.length > 0);
  const [told] = town.beats.filter(({ heldUsd = 0 }) => heldUsd > 0);
  child.kill('SIGKILL');
  await ended;
  // Before it is answered: an answer to nobody may look like one that was heard.
  await until('the call to be given up', () => server.abandoned > 0);
  release();
  expect(told?.costUsd).toBe(0);
  expect(told?.heldUsd).toBeGreaterThanOrEqual(usdOf('claude-sonnet-4-6', { output_tokens: 1000 }));
});

test('a bead without a budget gets no model, and its failure says what to set', async () => {
  server.script({ text: 'never', usage });
  const report = await yard.polecat(jobFor(rig, asking(1, 'sleep 600'), { budgetUsd: 0 }), upstream);
  expect(report).toMatchObject({
    status: 'failed',
    cause: 'budget',
    detail: expect.stringContaining('budget.per_bead_usd'),
  });
  expect(server.requests).toEqual([]);
});

test('what the agent makes of the refusal is its own: one that ends well all the same has done its work', async () => {
  server.script({ text: 'never', usage });
  // It ignores the signal, and ends before it is killed.
  const job = jobFor(rig, `trap '' TERM; ${asking(1, 'echo done > done.txt')}`, { budgetUsd: 0.001 });
  const report = await yard.polecat(job, upstream);
  expect(['budget', 'completed']).toContain('cause' in report ? report.cause : report.status);
  expect(rig.show(job.branch, 'begun.txt')).toBe('begun');
});

test('the harness’s own environment is not handed on', async () => {
  const report = await yard.polecat(jobFor(rig, 'echo x > x; env'), upstream);
  expect(town.logOf(report)).toMatch(/ANTHROPIC_BASE_URL=http:\/\/127\.0\.0\.1:\d+\n/);
  expect(town.logOf(report)).not.toContain(upstream.ANTHROPIC_BASE_URL);
  expect(readFileSync(join(yard.dir, 'harness.cjs'), 'utf8')).not.toContain(key);
});
