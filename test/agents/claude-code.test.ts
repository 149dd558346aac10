/** Claude Code itself, through the real harness, on a real repository; only the model is scripted. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MessagesServer, type Turn } from '../../bin/demo/rehearsal/messages-server.ts';
import { usdOf } from '../../core/costs/model-usage.ts';
import { roundedUsd } from '../../core/costs/rounded.ts';
import type { PolecatJob, Report } from '../../core/polecats/protocol.ts';
import { jobFor, type Rig, until, Yard } from '../containers/polecat/rig.ts';

jest.setTimeout(60_000);

const bin = process.env.GASTOWN_AGENTS_BIN;
const model = 'claude-sonnet-4-5';

(bin ? describe : describe.skip)('Claude Code', () => {
  const yard = new Yard();
  const { town } = yard;
  const server = new MessagesServer();
  const key = 'sk-ant-the-real-key-of-this-town';
  const overheads: number[] = [];
  let rig: Rig;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    await yard.open();
    rig = yard.makeRig('rig');
    env = {
      PATH: `${bin}:${process.env.PATH}`,
      ANTHROPIC_API_KEY: key,
      ANTHROPIC_BASE_URL: await server.listen(),
    };
  });
  afterAll(async () => {
    await server.close();
    await yard.close();
    const ms = overheads.sort((a, b) => a - b).map((one) => Math.round(one));
    console.log(`overhead of the harness beside the agent, ms an attempt: ${ms.join(', ')}`);
  });
  afterEach(() => {
    expect(town.faults).toEqual([]);
    town.beats.length = 0;
    town.onBeat = () => ({ superseded: false, stop: null, nudge: null });
  });

  const claudeJob = (more: Partial<PolecatJob> = {}): PolecatJob =>
    jobFor(rig, '', {
      agent: [],
      preset: { name: 'claude', model },
      script: null,
      prompt: 'Say hello in hello.txt. When you are done, run gt done.',
      budgetUsd: 5,
      ...more,
    });

  async function attempt(job: PolecatJob, ...turns: Turn[]): Promise<Report> {
    server.script(...turns);
    const startedAt = performance.now();
    const report = await yard.polecat(job, env);
    overheads.push(performance.now() - startedAt - report.agentMs);
    return report;
  }

  const bash = (command: string, usage?: Turn['usage']): Turn => ({
    text: 'Next.',
    tools: [{ name: 'Bash', input: { command, description: 'Do it' } }],
    ...(usage ? { usage } : {}),
  });
  const end: Turn = { text: 'All done.' };
  const billed = (): number =>
    roundedUsd(server.billed.reduce((sum, { model: asked, usage }) => sum + usdOf(asked, usage), 0));

  test('writes a file, commits, says that it is done: the work is on the branch, and billed to the cent', async () => {
    const job = claudeJob();
    const usage = { input_tokens: 1234, output_tokens: 321, cache_read_input_tokens: 4321 };
    const report = await attempt(
      job,
      bash('echo hello > hello.txt && git add hello.txt && git commit -qm "Say hello"', usage),
      bash('gt done --note "said it"', usage),
      { ...end, usage },
    );
    expect(report).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(rig.show(job.branch, 'hello.txt')).toBe('hello');
    expect(server.calls.length).toBe(3);
    expect(JSON.stringify(server.calls[0]?.body)).toContain('Say hello in hello.txt');
    expect(report.costUsd).toBe(billed());
    expect(report.costUsd).toBeGreaterThanOrEqual(3 * usdOf(model, usage));
    expect(new Set(server.requests.map(({ headers }) => headers['x-api-key']))).toEqual(new Set([key]));
    expect(town.logOf(report)).not.toContain(key);
  });

  test('asks a human, and what it did so far is kept', async () => {
    const job = claudeJob();
    const report = await attempt(
      job,
      bash('echo half > half.txt; gt done --status escalated --question "Which greeting?" --severity high'),
      end,
    );
    expect(report).toMatchObject({ status: 'escalated', question: 'Which greeting?', severity: 'high' });
    expect(rig.show(job.branch, 'half.txt')).toBe('half');
    expect(report.costUsd).toBe(billed());
  });

  test('is stopped at its budget in the midst of its work, which is pushed', async () => {
    const job = claudeJob({ budgetUsd: 2 });
    server.inputTokens = 150_000;
    const report = await attempt(job, bash('date >> endless.txt', { input_tokens: 150_000, output_tokens: 1000 }));
    expect(report).toMatchObject({ status: 'failed', cause: 'budget', head: rig.tip(job.branch) });
    expect(report).toHaveProperty('detail', expect.stringMatching(/^of \$2\.00 that were left of the bead's budget/));
    expect(report.costUsd).toBe(billed());
    expect(report.costUsd).toBeGreaterThan(0.4);
    expect(report.costUsd).toBeLessThanOrEqual(2);
    expect(rig.show(job.branch, 'endless.txt')).not.toBe('');
  });

  test('a model that refuses is a failed attempt, or an empty one; never a success', async () => {
    const report = await attempt(claudeJob(), { text: 'I can not help with that.', stopReason: 'refusal' });
    expect(report).toMatchObject({ status: 'failed', cause: expect.stringMatching(/^(agent_failed|empty_result)$/) });
    expect(report.head).toBeUndefined();
  });

  test('a model that breaks off in mid-turn, or is busy, is asked again; the half turn is paid for', async () => {
    const job = claudeJob();
    const busy = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const report = await attempt(
      job,
      { text: 'half a sentence', dropAfter: 3 },
      { error: { status: 529, body: busy, headers: { 'retry-after': '0' } } },
      bash('echo hello > hello.txt; gt done'),
      end,
    );
    expect(report).toMatchObject({ status: 'completed' });
    expect(rig.show(job.branch, 'hello.txt')).toBe('hello');
    const half = usdOf(model, { input_tokens: 1000 });
    expect(report.costUsd - billed()).toBeGreaterThanOrEqual(half);
    expect(report.costUsd - billed()).toBeLessThan(usdOf(model, { input_tokens: 1000, output_tokens: 100 }));
  });

  test('hears a nudge while it works', async () => {
    const text = 'The greeting is to be Swedish.';
    town.onBeat = () => ({ superseded: false, stop: null, nudge: text, nudgedAt: 1 });
    const job = claudeJob({ beatEveryMs: 100 });
    const report = await attempt(job, bash('sleep 1; echo hej > hello.txt'), bash('gt done'), end);
    expect(report).toMatchObject({ status: 'completed' });
    expect(JSON.stringify(server.calls.at(-1)?.body.messages)).toContain(text);
  });

  test('is resumed after its task was ended: the next attempt has what the first one left', async () => {
    const first = claudeJob();
    server.script(bash('echo half > half.txt; sleep 600'), end);
    town.job = first;
    const { child, ended } = yard.start({ kind: 'polecat', bead: first.bead, attempt: 1 }, env);
    await until('the first turn', () => server.billed.length > 0);
    await until('a call of the tool', () => town.beats.some(({ costUsd }) => costUsd > 0));
    await until('its work', () => yard.filesNamed('half.txt').length > 0);
    child.kill('SIGTERM');
    await ended;
    const report = town.reports.pop();
    expect(report).toMatchObject({ status: 'failed', cause: 'infrastructure', head: rig.tip(first.branch) });
    expect(report?.costUsd).toBe(billed());
    const second = claudeJob({
      bead: first.bead,
      attempt: 2,
      branch: first.branch.replace('@1', '@2'),
      startFrom: report?.head ?? '',
    });
    expect(await attempt(second, bash('cat half.txt >> whole.txt; gt done'), end)).toMatchObject({
      status: 'completed',
    });
    expect(rig.show(second.branch, 'whole.txt')).toBe('half');
  });
});
