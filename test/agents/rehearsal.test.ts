/** The demo with Claude Code itself: the whole town, from prose to main; only the model is scripted. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MessagesServer, type SeenRequest, type Turn } from '../../bin/demo/rehearsal/messages-server.ts';
import { isOfMayor } from '../../bin/demo/rehearsal/script.ts';
import { type Ended, runDemo } from '../bin/run-demo.ts';
import { binVariable } from './bin-variable.ts';

jest.setTimeout(180_000);

const dir = mkdtempSync(join(tmpdir(), 'gastown-rehearsal-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();

(process.env[binVariable('claude')] ? describe : describe.skip)('the demo with Claude Code', () => {
  const key = 'sk-ant-the-key-of-this-user';
  const server = new MessagesServer(greeting);
  let url: string;
  let rehearsed: Ended;
  let asked: Ended;

  // Both wait for processes most of the time.
  beforeAll(async () => {
    url = await server.listen();
    const repository = ['--repo', sourceRepository(), '--gate', 'grep hello hello.txt'];
    const intent = join(dir, 'greet.md');
    writeFileSync(intent, 'Say hello in hello.txt.\n');
    [rehearsed, asked] = await Promise.all([
      runDemo(['--rehearsal', '--json', '--dir', join(dir, 'rehearsed')], { ANTHROPIC_API_KEY: undefined }),
      runDemo(
        [
          '--agent',
          'claude:claude-haiku-4-5',
          '--plain',
          ...repository,
          '--intent',
          intent,
          '--dir',
          join(dir, 'asked'),
        ],
        { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: url },
      ),
    ]);
  });
  afterAll(() => server.close());

  test('rehearsed without a key: planned from prose, one bead heals, all land, and the meter agrees with the script', () => {
    const { status, stdout, stderr } = rehearsed;
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const said = JSON.parse(stdout) as Record<string, number> & { main: string };
    const label = 'scripted model: no model was called';
    expect(said).toMatchObject({ beads: 4, landed: 4, failed: 0, retries: 1, mainGreen: true, model: label });
    expect(said).toMatchObject({ agent: expect.stringMatching(/^Claude Code \d/), firstWorkingMs: expect.any(Number) });
    expect(said.costUsd).toBeGreaterThan(0);
    expect(said.costUsd).toBe(said.scriptedUsd);
    expect(stderr).toContain(label);
    expect(stderr).toMatch(/shade-rule +attempt 1 failed, tries again: gate\s+failed/);
    const rule = git('-C', join(dir, 'rehearsed/greenhouse.git'), 'show', `${said.main}:src/rules/shade.js`);
    expect(rule).toContain('bright && warm');
  });

  test('with a key it asks the server of ANTHROPIC_BASE_URL, for the Mayor and for the agent', () => {
    const { status, stdout } = asked;
    expect({ status, stdout: status === 0 ? '' : stdout }).toEqual({ status: 0, stdout: '' });
    expect(stdout).toContain(`model   ${url}`);
    expect(stdout).not.toContain('scripted');
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /The plan took 1 call, 1100 tokens\. The town metered \$0\.\d{4} of/,
    );
    expect(new Set(server.requests.map(({ headers }) => headers['x-api-key']))).toEqual(new Set([key]));
    const models = server.billed.filter((one) => !isOfMayor(one.asked)).map(({ model }) => model);
    expect(models.length).toBeGreaterThan(1);
    expect(new Set(models)).toEqual(new Set(['claude-haiku-4-5']));
  });
});

/** A plan of one bead, and a turn that does it. */
function greeting(asked: SeenRequest['body']): Turn {
  const bead = {
    name: 'greet',
    title: 'Say hello',
    instructions: 'Write hello into hello.txt.',
    acceptance: [{ kind: 'fact', text: 'hello.txt says hello' }],
    files: ['hello.txt'],
  };
  if (isOfMayor(asked)) return { tools: [{ name: 'submit_plan', input: { title: 'Greet', beads: [bead] } }] };
  if (asked.messages.some(({ role }) => role === 'assistant')) return { text: 'Done.' };
  return { tools: [{ name: 'Bash', input: { command: 'echo hello > hello.txt; gt done' } }] };
}

function sourceRepository(): string {
  const source = join(dir, 'source');
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@b.invalid'];
  git('init', '--quiet', '--initial-branch=main', source);
  git('-C', source, ...author, 'commit', '--quiet', '--allow-empty', '--message=only');
  return source;
}
