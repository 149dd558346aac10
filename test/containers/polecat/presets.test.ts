/** Known agents as the harness starts them: programs of their names stand in, and tell how they were called. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { claudeSettings } from '../../../containers/polecat/hook.ts';
import { presetNames } from '../../../core/polecats/runtime.ts';
import { jobFor, type Rig, Yard } from './rig.ts';

jest.setTimeout(60_000);

const yard = new Yard();
let rig: Rig;
let path: string;
beforeAll(async () => {
  await yard.open();
  rig = yard.makeRig('rig');
  const bin = join(yard.dir, 'bin');
  mkdirSync(bin);
  for (const name of presetNames) {
    const program = join(bin, name);
    writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@" > called.txt; cat > prompt.txt; env > env.txt; gt done\n');
    chmodSync(program, 0o755);
  }
  path = `${bin}:${process.env.PATH}`;
});
afterAll(() => yard.close());

const prompt = 'Do the work: `$(touch oops)` "quoted"\nsecond line';
const keys = {
  CODEX_API_KEY: 'codex-key-5eecafe0',
  GEMINI_API_KEY: 'gemini-key-5eecafe0',
  HTTPS_PROXY: 'http://u:p@x',
};

test.each([
  [
    'claude',
    [
      '-p',
      '--output-format',
      'stream-json',
      '--verbose',
      '--dangerously-skip-permissions',
      '--settings',
      claudeSettings,
    ],
    [],
  ],
  ['codex', ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'], ['CODEX_API_KEY']],
  ['gemini', ['--approval-mode=yolo', '--skip-trust'], ['GEMINI_API_KEY']],
  ['opencode', ['run', '--auto', '--title', 'bead'], []],
] as const)(
  '%s is started without a terminal, with the prompt on its input and no key but its own',
  async (name, args, own) => {
    const job = jobFor(rig, '', { agent: [], preset: { name, model: 'best-1' }, prompt, script: null });
    const report = await yard.polecat(job, { ...keys, PATH: path });
    expect(report).toMatchObject({ status: 'completed' });
    expect(rig.show(job.branch, 'prompt.txt')).toBe(prompt);
    expect(rig.show(job.branch, 'called.txt').split('\n')).toEqual([...args, '--model', 'best-1']);
    const env = rig.show(job.branch, 'env.txt');
    expect(Object.keys(keys).filter((key) => env.includes(`${key}=`))).toEqual(own);
  },
);

test('an agent without a model of the rig’s is left to its own default', async () => {
  const job = jobFor(rig, '', { agent: [], preset: { name: 'gemini' }, script: null });
  await yard.polecat(job, { PATH: path });
  expect(rig.show(job.branch, 'called.txt')).not.toContain('--model');
});

test('an agent whose program is not there is a question to a human, with its name and the remedy', async () => {
  const job = jobFor(rig, '', { agent: [], preset: { name: 'codex' }, script: null });
  const report = await yard.polecat(job, { PATH: '/usr/bin:/bin' });
  expect(report).toMatchObject({ status: 'escalated', severity: 'medium', agentMs: 0 });
  const { question } = report as { question: string };
  expect(question).toMatch(/^AGENT_NOT_FOUND: there is no program codex, and no agent has run\.\n/);
  expect(question).toContain('npm i -g @openai/codex@0.169.0. Or name another: gt rig config green agent.runtime');
  expect(question).not.toContain('/usr/bin');
});
