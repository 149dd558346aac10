/** A harness that follows a formula: real git, real processes, and an agent that does what its prompt's step tells it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { PolecatJob } from '../../../core/polecats/protocol.ts';
import { jobFor, type Rig, Yard } from './rig.ts';

jest.setTimeout(60_000);

const yard = new Yard();
let agent: string;
beforeAll(async () => {
  await yard.open();
  // Runs the lines of the description that begin with `$ `.
  agent = join(yard.dir, 'agent.sh');
  writeFileSync(agent, `sed -n 's/^\\$ //p' "$1" > todo.sh && . ./todo.sh; status=$?; rm -f todo.sh; exit $status\n`);
});
afterAll(() => yard.close());
afterEach(() => {
  expect(yard.town.faults).toEqual([]);
  yard.town.steps.length = 0;
});

const formula = (...steps: readonly (readonly string[])[]): Record<string, string> => ({
  '.gastown/formulas/ours.toml': [
    'formula = "ours"',
    ...steps.flatMap(([id, ...lines]) => ['[[steps]]', `id = "${id}"`, `title = "Do ${id}"`, ...lines]),
  ].join('\n'),
});

const following = (rig: Rig, more: Partial<PolecatJob> = {}): PolecatJob =>
  jobFor(rig, '', { agent: ['sh', agent, '{prompt}'], script: null, formula: { name: 'ours', vars: {} }, ...more });

const told = () => yard.town.steps.map(({ step, state, tries }) => `${step} ${state} ${tries}`);

describe('a molecule', () => {
  test("is poured from the repository's own formula, and each step is pushed, then recorded", async () => {
    const rig = yard.makeRig(
      'steps',
      formula(
        ['two', 'needs = ["one"]', "description = '$ cat one > two'", 'check = "test -s two"'],
        ['one', "description = '$ echo first > one'"],
      ),
    );
    const job = following(rig);
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(told()).toEqual(['one working 1', 'one done 1', 'two working 1', 'two done 1']);
    const [first, one, , two] = yard.town.steps;
    expect(first?.molecule).toMatchObject({
      formula: 'ours',
      source: 'repository',
      steps: [{ id: 'one' }, { id: 'two' }],
    });
    expect(one?.molecule).toBeUndefined();
    expect(one?.head).not.toBe(two?.head);
    expect(two?.head).toBe(rig.tip(job.branch));
    expect(rig.show(job.branch, 'two')).toBe('first');
  });

  test('goes on after the steps that are done, from the commit that they left', async () => {
    const rig = yard.makeRig(
      'resume',
      formula(
        ['one', "description = '$ echo again >> one'"],
        ['two', 'needs = ["one"]', "description = '$ cp one two'"],
      ),
    );
    const before = following(rig);
    await yard.polecat(before);
    const [{ molecule, head = '' } = {}, done] = [yard.town.steps[0], yard.town.steps[1]];
    yard.town.steps.length = 0;
    const job = following(rig, {
      startFrom: done?.head ?? head,
      progress: {
        molecule: molecule as NonNullable<PolecatJob['progress']>['molecule'],
        done: ['one'],
        begun: ['two'],
      },
    });
    const report = await yard.polecat(job);
    expect(report.status).toBe('completed');
    expect(told()).toEqual(['two working 1', 'two done 1']);
    expect(rig.show(job.branch, 'two')).toBe('again');
    yard.town.steps.length = 0;
    const last = following(rig, {
      startFrom: report.head ?? '',
      progress: {
        molecule: molecule as NonNullable<PolecatJob['progress']>['molecule'],
        done: ['one', 'two'],
        begun: [],
      },
    });
    expect(await yard.polecat(last)).toMatchObject({ status: 'completed', head: report.head });
    expect(told()).toEqual([]);
  });

  test('believes the check and not the agent, tries again with what the check said, and gives up in words', async () => {
    const rig = yard.makeRig(
      'checked',
      formula([
        'lazy',
        'description = \'$ echo x >> tries; grep -q /only.two.lines prompt-copy 2>/dev/null; cp "$GASTOWN_PROMPT_FILE" prompt-copy; gt done\'',
        'check = "echo only two lines; test $(wc -l < tries) -ge 3"',
        'retry = { max_attempts = 2 }',
      ]),
    );
    const job = following(rig);
    const report = await yard.polecat(job);
    expect(report).toMatchObject({ status: 'failed', cause: 'agent_failed', head: rig.tip(job.branch) });
    expect('detail' in report && report.detail).toMatch(
      /^step lazy, try 2 of 2: `echo only two lines; .*` ended with status 1/,
    );
    expect(told()).toEqual(['lazy working 1', 'lazy working 2', 'lazy failed 2']);
    expect(rig.show(job.branch, 'prompt-copy')).toMatch(/Your last try was not enough[\s\S]*only two lines/);
  });

  test('repeats a step until its command passes', async () => {
    const rig = yard.makeRig(
      'until',
      formula([
        'loop',
        "description = '$ echo x >> tries'",
        'loop = { until = "test $(wc -l < tries) -ge 3", max = 5 }',
      ]),
    );
    const job = following(rig);
    expect((await yard.polecat(job)).status).toBe('completed');
    expect(told().at(-1)).toBe('loop done 3');
  });

  test('stops before a gate, keeps what there is, and passes it once it was opened', async () => {
    const rig = yard.makeRig(
      'gated',
      formula(
        ['one', "description = '$ echo 1 > one'"],
        [
          'two',
          'needs = ["one"]',
          'gate = { type = "ci", check = "build", minutes = 60 }',
          'description = \'$ cp "$GASTOWN_PROMPT_FILE" two\'',
        ],
      ),
    );
    const job = following(rig);
    const stopped = await yard.polecat(job);
    expect(stopped).toMatchObject({ status: 'phase_complete', gate: 'ci', check: 'build', minutes: 60, step: 'two' });
    expect(stopped.head).toBe(rig.tip(job.branch));
    expect(told()).toEqual(['one working 1', 'one done 1', 'two waiting 0']);
    const { molecule } = yard.town.steps[0] ?? {};
    const next = following(rig, {
      startFrom: stopped.head ?? '',
      progress: { molecule: molecule as NonNullable<PolecatJob['progress']>['molecule'], done: ['one'], begun: [] },
      opened: { step: 'two', because: 'the check build is failure on abc' },
    });
    expect((await yard.polecat(next)).status).toBe('completed');
    expect(rig.show(next.branch, 'two')).toContain(
      'What you waited for has come:\n\n```\nthe check build is failure on abc\n```',
    );
  });

  test('is asked for no second approval when an agent waits for something within a step that was approved', async () => {
    const rig = yard.makeRig(
      'waits',
      formula([
        'two',
        'gate = { type = "human" }',
        'description = \'$ if test -e asked; then cp "$GASTOWN_PROMPT_FILE" two; else touch asked; gt done --status phase_complete --gate ci --check build; fi\'',
      ]),
    );
    const asked = await yard.polecat(following(rig, { opened: { step: 'two', because: 'max said yes' } }));
    expect(asked).toMatchObject({ status: 'phase_complete', gate: 'ci', check: 'build' });
    expect(told()).toEqual(['two working 1']);
    const { molecule } = yard.town.steps[0] ?? {};
    const next = following(rig, {
      startFrom: asked.head ?? '',
      progress: { molecule: molecule as NonNullable<PolecatJob['progress']>['molecule'], done: [], begun: ['two'] },
      opened: { because: 'the check build is failure on abc' },
    });
    expect((await yard.polecat(next)).status).toBe('completed');
    expect(rig.show(next.branch, 'two')).toContain('the check build is failure on abc');
  });

  test('tells an agent what it waited for in a step without a gate, and only in that step', async () => {
    const rig = yard.makeRig(
      'told',
      formula(
        ['one', 'description = \'$ cp "$GASTOWN_PROMPT_FILE" one\''],
        ['two', 'needs = ["one"]', 'description = \'$ cp "$GASTOWN_PROMPT_FILE" two\''],
      ),
    );
    const job = following(rig, { opened: { because: 'the check build is failure on abc' } });
    expect((await yard.polecat(job)).status).toBe('completed');
    expect(rig.show(job.branch, 'one')).toContain('is failure on abc');
    expect(rig.show(job.branch, 'two')).not.toContain('is failure on abc');
  });

  test('whose last step changes nothing has changed what the others did', async () => {
    const rig = yard.makeRig(
      'findings',
      formula(
        ['look', "description = '$ echo bug > findings'"],
        ['mend', 'needs = ["look"]', "description = '$ gt done --status no_change --note nothing'"],
      ),
    );
    const job = following(rig, { allowsNoChange: true });
    expect(await yard.polecat(job)).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    const idle = formula(
      ['look', "description = '$ true'"],
      ['mend', "description = '$ gt done --status no_change --note nothing'"],
    );
    const second = following(yard.makeRig('idle', idle), { allowsNoChange: true });
    expect(await yard.polecat(second)).toMatchObject({ status: 'no_change', note: 'nothing' });
  });

  test.each<[string, Record<string, string>, NonNullable<PolecatJob['formula']>, RegExp]>([
    ['unknown', {}, { name: 'nowhere', vars: {} }, /no formula "nowhere"[\s\S]*\.gastown\/formulas\/nowhere\.toml/],
    [
      'faulty',
      formula(['a', 'chekc = "x"']),
      { name: 'ours', vars: {} },
      /line 5: Step "a" has the unknown key "chekc"/,
    ],
    [
      'endless to compare',
      {
        '.gastown/formulas/ours.toml':
          'formula = "ours"\n[vars.name]\npattern = "^(a+)+$"\n[[steps]]\nid = "a"\ntitle = "A"\n',
      },
      { name: 'ours', vars: { name: `${'a'.repeat(40)}!` } },
      /takes too long to compare with \^\(a\+\)\+\$/,
    ],
    ['short of a variable', {}, { name: 'code-review', vars: {} }, /variable scope .* is required/],
    ['for a convoy', {}, { name: 'security-audit', vars: {} }, /convoy formula/],
  ])('that is %s is a question to a human, and no agent runs', async (what, files, named, question) => {
    const rig = yard.makeRig(`fault-${what.replaceAll(' ', '-')}`, files);
    const report = await yard.polecat(following(rig, { formula: named }));
    expect(report).toMatchObject({ status: 'escalated', question: expect.stringMatching(question) });
    expect(report).toHaveProperty('question', expect.stringMatching(/no agent has run[\s\S]*gt bead close gh-/));
    expect(told()).toEqual([]);
  });

  test('is not the one that an agent wrote into its branch', async () => {
    const rig = yard.makeRig('rewritten', formula(['one', "description = '$ echo 1 > one'"]));
    const forged = formula(['forged', "description = '$ echo 2 > forged'"])['.gastown/formulas/ours.toml'] ?? '';
    const first = jobFor(rig, `printf '%s' '${forged.replaceAll("'", `'\\''`)}' > .gastown/formulas/ours.toml`);
    const { head = '' } = await yard.polecat(first);
    await yard.polecat(following(rig, { startFrom: head }));
    expect(told()).toEqual(['one working 1', 'one done 1']);
  });

  test('of one plain step ends as a bead without a formula does', async () => {
    const rig = yard.makeRig('plain');
    const work = (script: string) =>
      yard.polecat(following(rig, { formula: { name: 'polecat-work', vars: {} }, agent: ['sh', '-c', script] }));
    expect(await work('exit 3')).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/^the agent ended with status 3/),
    });
    expect(await work('true')).toMatchObject({ status: 'failed', cause: 'empty_result' });
    expect(await work('gt done --status escalated --question "Which?"')).toMatchObject({
      status: 'escalated',
      question: 'Which?',
    });
    expect(await work('echo 1 > one')).toMatchObject({ status: 'completed' });
  });
});
