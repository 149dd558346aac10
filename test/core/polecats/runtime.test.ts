import { describe, expect, test } from '@jest/globals';
import type { Bead } from '../../../core/convoys/bead.ts';
import { jobOf } from '../../../core/polecats/job.ts';
import { presets } from '../../../core/polecats/presets.ts';
import { agentOf, parseAgent, presetNames, promptRuntime, runtimes } from '../../../core/polecats/runtime.ts';
import { configOf } from '../../../core/rigs/config.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import { beadOf } from '../fixtures.ts';

const configured = (settings: Rig['settings']) => configOf({ settings });
const bead = (over: Partial<Bead> = {}) => beadOf(1, over).body;

describe('an agent is named', () => {
  test.each([
    ['claude', { runtime: 'claude', model: '' }],
    ['claude:opus', { runtime: 'claude', model: 'opus' }],
    ['opencode:anthropic/claude-x', { runtime: 'opencode', model: 'anthropic/claude-x' }],
    ['claude:us.anthropic.claude-x-v1:0', { runtime: 'claude', model: 'us.anthropic.claude-x-v1:0' }],
    ['command:large', { runtime: 'command', model: 'large' }],
    ['shell', { runtime: 'shell', model: '' }],
  ])('by %s', (words, agent) => expect(parseAgent(words)).toEqual(agent));

  test.each(['', 'claud', 'Claude', 'claude:', 'claude:--help', 'claude:a b', 'shell:opus', ':opus', 'toString'])(
    'never by %j',
    (words) => expect(parseAgent(words)).toBeUndefined(),
  );
});

describe('the agent of an attempt', () => {
  const ladder = configured({
    'agent.runtime': 'claude',
    'agent.model': 'sonnet',
    'retry.same_agent': 1,
    'retry.agents': ['claude:opus', 'codex'],
  });
  const at = (failures: number) => agentOf(bead({ runtime: 'claude', failures }), ladder);

  test('is the same for the first attempt and its retries, then that of the rung; the last rung repeats', () => {
    expect([0, 1, 2, 3, 4].map(at)).toEqual([
      { runtime: 'claude', model: 'sonnet' },
      { runtime: 'claude', model: 'sonnet' },
      { runtime: 'claude', model: 'opus' },
      { runtime: 'codex', model: '' },
      { runtime: 'codex', model: '' },
    ]);
  });

  test('is the bead’s own, which is not asked for the model of another brand', () => {
    expect(agentOf(bead({ runtime: 'codex' }), ladder)).toEqual({ runtime: 'codex', model: '' });
    expect(agentOf(bead({ runtime: 'claude:haiku' }), ladder)).toEqual({ runtime: 'claude', model: 'haiku' });
  });

  test('is the rig’s agent that reads a prompt, where a bead has no script', () => {
    const resolver = bead({ runtime: 'command', landsConvoy: true });
    expect(agentOf(resolver, ladder)?.runtime).toBe('claude');
    expect(agentOf(resolver, configured({ 'agent.command': 'mine {prompt}' }))?.runtime).toBe('command');
    expect(promptRuntime(configured({}))).toBeUndefined();
    expect(promptRuntime(configured({ 'agent.runtime': 'gemini' }))).toBe('gemini');
  });
});

test('the job names a known agent and its model, and holds the command line of any other', () => {
  const rig: Rig = { name: 'green', prefix: 'gr', url: '/r.git', defaultBranch: 'main', settings: {}, addedAt: 0 };
  const polecat = {
    name: 'Toast',
    rig: 'green',
    bead: 'x',
    attempt: 1,
    branch: 'b',
    tokenHash: '',
    hookedAt: 0,
    nudges: 0,
  };
  const job = (runtime: string, settings: Rig['settings'] = {}) =>
    jobOf(bead({ runtime }), { instructions: '', acceptance: [] }, polecat, {
      rig,
      config: configured(settings),
      intents: [],
    });
  expect(job('claude:opus')).toMatchObject({ agent: [], preset: { name: 'claude', model: 'opus' } });
  expect(job('codex').preset).toEqual({ name: 'codex' });
  expect(job('shell')).toMatchObject({ agent: ['sh', '-eu', '{script}'] });
  const command = {
    'agent.runtime': 'command',
    'agent.model': 'm1',
    'agent.command': 'mine --model {model} "{prompt}"',
  };
  expect(job('command', command)).toMatchObject({ agent: ['mine', '--model', 'm1', '{prompt}'] });
});

test('every preset is an agent that a rig can name', () => {
  expect(Object.keys(presets)).toEqual([...presetNames]);
  expect(runtimes).toEqual(expect.arrayContaining([...presetNames]));
});
