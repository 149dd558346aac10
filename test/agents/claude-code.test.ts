/** Claude Code itself, through the real harness, on a real repository; only the model is scripted. */
import { expect, jest, test } from '@jest/globals';
import type { Turn } from '../../bin/demo/rehearsal/messages-server.ts';
import { usdOf } from '../../core/costs/model-usage.ts';
import { until } from '../containers/polecat/rig.ts';
import { onStage } from './stage.ts';

jest.setTimeout(60_000);

const model = 'claude-sonnet-4-5';

onStage('Claude Code', 'claude', model, (stage) => {
  const { yard, server, key } = stage;
  const { town } = yard;

  const bash = (command: string, usage?: Turn['usage']): Turn => ({
    text: 'Next.',
    tools: [{ name: 'Bash', input: { command, description: 'Do it' } }],
    ...(usage ? { usage } : {}),
  });
  const end: Turn = { text: 'All done.' };

  test('writes a file, commits, says that it is done: the work is on the branch, and billed to the cent', async () => {
    const job = stage.job();
    const usage = { input_tokens: 1234, output_tokens: 321, cache_read_input_tokens: 4321 };
    const report = await stage.attempt(
      job,
      bash('echo hello > hello.txt && git add hello.txt && git commit -qm "Say hello"', usage),
      bash('gt done --note "said it"', usage),
      { ...end, usage },
    );
    expect(report).toMatchObject({ status: 'completed', head: stage.rig.tip(job.branch) });
    expect(stage.rig.show(job.branch, 'hello.txt')).toBe('hello');
    expect(server.calls.length).toBe(3);
    expect(JSON.stringify(server.calls[0]?.body)).toContain('Say hello in hello.txt');
    expect(report.costUsd).toBe(stage.billedUsd);
    expect(report.costUsd).toBeGreaterThanOrEqual(3 * usdOf(model, usage));
    expect(new Set(server.requests.map(({ headers }) => headers['x-api-key']))).toEqual(new Set([key]));
    expect(town.logOf(report)).not.toContain(key);
  });

  test('asks a human, and what it did so far is kept', async () => {
    const job = stage.job();
    const report = await stage.attempt(
      job,
      bash('echo half > half.txt; gt done --status escalated --question "Which greeting?" --severity high'),
      end,
    );
    expect(report).toMatchObject({ status: 'escalated', question: 'Which greeting?', severity: 'high' });
    expect(stage.rig.show(job.branch, 'half.txt')).toBe('half');
    expect(report.costUsd).toBe(stage.billedUsd);
  });

  test('is stopped at its budget in the midst of its work, which is pushed', async () => {
    const job = stage.job({ budgetUsd: 2 });
    server.inputTokens = 150_000;
    const report = await stage.attempt(
      job,
      bash('date >> endless.txt', { input_tokens: 150_000, output_tokens: 1000 }),
    );
    expect(report).toMatchObject({ status: 'failed', cause: 'budget', head: stage.rig.tip(job.branch) });
    expect(report).toHaveProperty('detail', expect.stringMatching(/^of \$2\.00 that were left of the bead's budget/));
    expect(report.costUsd).toBe(stage.billedUsd);
    expect(report.costUsd).toBeGreaterThan(0.4);
    expect(report.costUsd).toBeLessThanOrEqual(2);
    expect(stage.rig.show(job.branch, 'endless.txt')).not.toBe('');
  });

  test('a model that refuses is a failed attempt, or an empty one; never a success', async () => {
    const report = await stage.attempt(stage.job(), { text: 'I can not help with that.', stopReason: 'refusal' });
    expect(report).toMatchObject({ status: 'failed', cause: expect.stringMatching(/^(agent_failed|empty_result)$/) });
    expect(report.head).toBeUndefined();
  });

  test('a model that breaks off in mid-turn, or is busy, is asked again; the half turn is paid for', async () => {
    const job = stage.job();
    const busy = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const report = await stage.attempt(
      job,
      { text: 'half a sentence', dropAfter: 3 },
      { error: { status: 529, body: busy, headers: { 'retry-after': '0' } } },
      bash('echo hello > hello.txt; gt done'),
      end,
    );
    expect(report).toMatchObject({ status: 'completed' });
    expect(stage.rig.show(job.branch, 'hello.txt')).toBe('hello');
    const half = usdOf(model, { input_tokens: 1000 });
    expect(report.costUsd - stage.billedUsd).toBeGreaterThanOrEqual(half);
    expect(report.costUsd - stage.billedUsd).toBeLessThan(usdOf(model, { input_tokens: 1000, output_tokens: 100 }));
  });

  test('hears a nudge while it works', async () => {
    const text = 'The greeting is to be Swedish.';
    town.onBeat = () => ({ superseded: false, stop: null, nudge: text, nudgedAt: 1 });
    const job = stage.job({ beatEveryMs: 100 });
    const report = await stage.attempt(job, bash('sleep 1; echo hej > hello.txt'), bash('gt done'), end);
    expect(report).toMatchObject({ status: 'completed' });
    expect(JSON.stringify(server.calls.at(-1)?.body.messages)).toContain(text);
  });

  test('is resumed after its task was ended: the next attempt has what the first one left', async () => {
    const first = stage.job();
    server.script(bash('echo half > half.txt; sleep 600'), end);
    town.job = first;
    const { child, ended } = yard.start({ kind: 'polecat', bead: first.bead, attempt: 1 }, stage.env);
    await until('the first turn', () => server.billed.length > 0);
    await until('a call of the tool', () => town.beats.some(({ costUsd }) => costUsd > 0));
    await until('its work', () => yard.filesNamed('half.txt').length > 0);
    child.kill('SIGTERM');
    await ended;
    const report = town.reports.pop();
    expect(report).toMatchObject({ status: 'failed', cause: 'infrastructure', head: stage.rig.tip(first.branch) });
    expect(report?.costUsd).toBe(stage.billedUsd);
    const second = stage.job({
      bead: first.bead,
      attempt: 2,
      branch: first.branch.replace('@1', '@2'),
      startFrom: report?.head ?? '',
    });
    expect(await stage.attempt(second, bash('cat half.txt >> whole.txt; gt done'), end)).toMatchObject({
      status: 'completed',
    });
    expect(stage.rig.show(second.branch, 'whole.txt')).toBe('half');
  });
});
