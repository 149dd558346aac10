import { describe, expect, test } from '@jest/globals';
import { TownError } from '../../../core/errors.ts';
import { configOf, keyViews, parseSetting, targetOf } from '../../../core/rigs/config.ts';
import { type RigKey, rigKeys } from '../../../core/rigs/rig.ts';

function refusal(action: () => unknown): TownError {
  try {
    action();
  } catch (error) {
    if (error instanceof TownError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a rig’s configuration', () => {
  test('is the defaults where nothing was set', () => {
    const config = configOf({ settings: {} });
    for (const [key, spec] of Object.entries(rigKeys)) expect(config[key as RigKey]).toEqual(spec.default);
    expect(config.gates).toEqual([]);
  });

  test('has what was set over the defaults, false and 0 included', () => {
    const config = configOf({
      settings: { 'refinery.require_ci': true, 'retry.fresh': 0, 'refinery.required_checks': [] },
    });
    expect(config['refinery.require_ci']).toBe(true);
    expect(config['retry.fresh']).toBe(0);
  });

  test('lists the gates in the order of their names, whatever order they were set in', () => {
    const settings = { 'refinery.gates.test': 'npm test', 'refinery.gates.lint': 'npm run lint' };
    expect(configOf({ settings }).gates).toEqual([
      { name: 'lint', command: 'npm run lint' },
      { name: 'test', command: 'npm test' },
    ]);
  });

  test('lands on the remote’s default branch until a target is set', () => {
    expect(targetOf({ settings: {}, defaultBranch: 'trunk' })).toBe('trunk');
    expect(targetOf({ settings: { 'refinery.target': 'next' }, defaultBranch: 'trunk' })).toBe('next');
  });

  test('every default is a value that could have been set, but for an empty target and model', () => {
    for (const [key, spec] of Object.entries(rigKeys)) {
      if (key === 'refinery.target' || key === 'agent.model') continue;
      expect(parseSetting(key, spec.default as never).value).toEqual(spec.default);
    }
  });

  test('is shown with what each key is about and whether it was set', () => {
    const views = keyViews({ settings: { 'polecats.max': 3, 'refinery.gates.test': 'npm test' } });
    expect(views.find((view) => view.key === 'polecats.max')).toMatchObject({ value: 3, set: true });
    expect(views.find((view) => view.key === 'retry.fresh')).toMatchObject({ value: 2, set: false });
    expect(views.at(-1)).toMatchObject({ key: 'refinery.gates.test', value: 'npm test', set: true });
  });
});

describe('a setting', () => {
  test.each([
    ['refinery.require_ci', 'true', true],
    ['refinery.require_ci', false, false],
    ['polecats.max', ' 12 ', 12],
    ['retry.backoff_s', '1, 2,3', [1, 2, 3]],
    ['retry.backoff_s', [0], [0]],
    ['retry.backoff_s', '[1, 2]', [1, 2]],
    ['refinery.required_checks', '["build","lint"]', ['build', 'lint']],
    ['refinery.required_checks', '[]', []],
    ['refinery.required_checks', 'build, lint', ['build', 'lint']],
    ['refinery.required_checks', '', []],
    ['budget.per_bead_usd', '2.5', 2.5],
    ['refinery.gates.test', 'npm test -- --ci', 'npm test -- --ci'],
    ['refinery.target', 'release/2.x', 'release/2.x'],
    ['refinery.merge_strategy', 'rebase', 'rebase'],
    ['retry.agents', 'claude, claude:opus', ['claude', 'claude:opus']],
    ['agent.model', 'us.anthropic.claude-x-v1:0', 'us.anthropic.claude-x-v1:0'],
    ['polecats.max', 'unset', undefined],
    ['polecats.max', null, undefined],
  ] as const)('%s %j is read as %j', (key, words, value) => {
    expect(parseSetting(key, words)).toEqual({ key, value });
  });

  test.each([
    ['refinery.require_ci', 'yes', 'true or false'],
    ['polecats.max', '0', 'a whole number from 1 to 10000'],
    ['polecats.max', '1e3', 'a whole number'],
    ['polecats.max', 2.5, 'a whole number'],
    ['polecats.max', [3], 'a whole number'],
    ['retry.backoff_s', '1,x', 'a comma separated list'],
    ['agent.runtime', 'bash', 'one of shell, command, claude, codex, gemini, opencode'],
    ['agent.model', '--help', 'a model as its provider spells it'],
    ['retry.agents', 'claude,gpt', 'a comma separated list, each one of shell, command, claude'],
    ['retry.agents', 'claude:-x', 'such as claude:opus'],
    ['refinery.gates.test', 'a\nb', 'one line of text'],
    ['refinery.gates.test', '', 'one line of text'],
    ['refinery.target', '-x', 'a branch name'],
    ['refinery.target', 'a..b', 'a branch name'],
    ['refinery.target', 'a b', 'a branch name'],
    ['refinery.target', 'x'.repeat(79), 'at most 78'],
  ] as const)('%s %j is refused, saying that %s is allowed', (key, words, remedy) => {
    const error = refusal(() => parseSetting(key, words));
    expect(error).toMatchObject({ code: 'CONFIG_VALUE_INVALID', status: 400, move: 'caller' });
    expect(error.remedy).toContain(remedy);
  });

  test.each([
    ['refinery.requireci', 'Did you mean "refinery.require_ci"?'],
    ['refinery.gates', 'Did you mean "refinery.gates.<name>"?'],
    ['refinery.gaets.test', 'Did you mean "refinery.gates.test"?'],
    ['polecat.max', 'Did you mean "polecats.max"?'],
    ['__proto__', 'No configuration key "__proto__".'],
    ['constructor', 'No configuration key "constructor".'],
    ['refinery.gates.Te st', 'does not name a gate'],
    ['refinery.gates.', 'does not name a gate'],
  ])('an unknown key %s is refused: %s', (key, what) => {
    const error = refusal(() => parseSetting(key, 'true'));
    expect(error.code).toBe('CONFIG_KEY_UNKNOWN');
    expect(error.what).toContain(what);
  });
});
