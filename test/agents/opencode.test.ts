/** opencode itself, through the real harness, on a real repository; only the model is scripted. */
import { expect, jest, test } from '@jest/globals';
import type { Turn } from '../../bin/demo/rehearsal/messages-server.ts';
import { usdOf } from '../../core/costs/model-usage.ts';
import { onStage } from './stage.ts';

// It needs some ten seconds of a processor to start.
jest.setTimeout(120_000);

const model = 'claude-sonnet-4-5';

onStage('opencode', 'opencode', `anthropic/${model}`, (stage) => {
  const { yard, server, key } = stage;

  const bash = (command: string, usage: Turn['usage']): Turn => ({
    text: 'Next.',
    tools: [{ name: 'bash', input: { command, description: 'Do it' } }],
    ...(usage ? { usage } : {}),
  });

  test('writes a file, says that it is done: the work is on the branch, billed to the cent, and no call goes aside', async () => {
    const job = stage.job();
    const usage = { input_tokens: 1234, output_tokens: 321, cache_read_input_tokens: 4321 };
    const report = await stage.attempt(
      job,
      bash('echo hello > hello.txt', usage),
      bash('gt done --note "said it"', usage),
      { text: 'All done.', usage },
    );
    expect(report).toMatchObject({ status: 'completed', head: stage.rig.tip(job.branch) });
    expect(stage.rig.show(job.branch, 'hello.txt')).toBe('hello');
    expect(JSON.stringify(server.calls[0]?.body)).toContain('Say hello in hello.txt');
    expect(server.billed.map((call) => [call.model, call.usage])).toEqual(Array(3).fill([model, usage]));
    expect(report.costUsd).toBe(stage.billedUsd);
    expect(report.costUsd).toBeCloseTo(3 * usdOf(model, usage), 4);
    expect(new Set(server.requests.map(({ headers }) => headers['x-api-key']))).toEqual(new Set([key]));
    expect(yard.town.logOf(report)).not.toContain(key);
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
});
