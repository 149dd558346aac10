/** The script of the rehearsal, played by hand on the greenhouse: what a model's plan and an agent's tools would do with it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Turn } from '../../bin/demo/rehearsal/messages-server.ts';
import { plan } from '../../bin/demo/rehearsal/plan.ts';
import { scenes } from '../../bin/demo/rehearsal/scenes.ts';
import { turnOf } from '../../bin/demo/rehearsal/script.ts';
import { planOfDraft } from '../../core/intents/mayor-plan/plan-of-draft.ts';
import { plannerOf } from '../../core/intents/planner.ts';
import { openWorkshop } from './workshop.ts';

// Every run of the tests is a process: on a busy machine that takes its time.
jest.setTimeout(120_000);

let workshop: ReturnType<typeof openWorkshop>;
afterEach(() => workshop?.remove());

/** As Claude Code's tools do it: what an edit replaces has to be there, once. */
function use(dir: string, { name, input }: NonNullable<Turn['tools']>[number]): void {
  const given = input as Readonly<Record<string, string>>;
  const file = join(dir, given.file_path ?? '');
  if (name === 'Read') readFileSync(file);
  if (name === 'Write') writeFileSync(file, given.content ?? '');
  if (name !== 'Edit') return;
  const [before, after, ...more] = readFileSync(file, 'utf8').split(given.old_string ?? '');
  expect([given, after === undefined, more]).toEqual([given, false, []]);
  writeFileSync(file, `${before}${given.new_string}${after}`);
}

describe('the rehearsal', () => {
  test('its intent is prose, and its plan is one that the town takes as it is', () => {
    expect(plannerOf(readFileSync('examples/hot-day.md', 'utf8'), true)).toBe('model');
    const town = { rig: 'greenhouse', rigs: ['greenhouse'], runtime: 'claude', budgetUsd: 2 } as const;
    const result = planOfDraft(plan, town);
    expect(result).toMatchObject({ plan: { title: plan.title } });
    const needs = 'plan' in result ? result.plan.beads.map(({ name, needs: on }) => [name, on]) : [];
    expect(Object.fromEntries(needs)).toEqual({
      'hot-day': [],
      cloth: [],
      'shade-rule': ['cloth'],
      basil: ['hot-day', 'shade-rule'],
    });
  });

  test('each last attempt brings tests that pass, and only the first one at the rule fails at the gate', () => {
    workshop = openWorkshop(resolve('examples/greenhouse'));
    const failed: string[] = [];
    for (const { name } of plan.beads) {
      for (const [i, scene] of (scenes[name] ?? []).entries()) {
        for (const tool of scene.flatMap(({ tools = [] }) => tools)) use(workshop.dir, tool);
        const { status, output } = workshop.sh('npm test');
        if (status === 0) continue;
        failed.push(`${name} ${i + 1}: ${/^not ok \d+ - (.+)$/m.exec(output)?.[1]}`);
        workshop.sh('git checkout --quiet . && git clean --quiet --force -d');
      }
      expect(workshop.sh('git status --short').output).not.toBe('');
      workshop.commit(name);
    }
    expect(failed).toEqual(['shade-rule 1: a cool morning keeps its sun']);
    expect(workshop.sh('npm start heat').output).toMatch(/cloth on: shade/);
  });
});

describe('the script', () => {
  const prompt = (title: string, attempt: number) => ({
    role: 'user',
    content: [
      { type: 'text', text: '<system-reminder>\n# Other things\n</system-reminder>' },
      {
        type: 'text',
        text: `# ${title}\n\nYou are Toast, working on bead gr-1-1 (attempt ${attempt}) in this git work tree.`,
      },
    ],
  });
  const tools = [{ name: 'Bash' }];
  const model = 'claude-sonnet-4-5';
  const rule = plan.beads[2]?.title ?? '';

  test('goes on where the conversation is, whoever else is asking', () => {
    const said = [
      { role: 'assistant', content: 'x' },
      { role: 'user', content: 'y' },
    ];
    const first = turnOf({ model, tools, messages: [prompt(rule, 2)] });
    expect(first).toBe(scenes['shade-rule']?.[1]?.[0]);
    expect(turnOf({ model, tools, messages: [prompt(rule, 2), ...said] })).toBe(scenes['shade-rule']?.[1]?.[1]);
    expect(turnOf({ model, tools, messages: [prompt(rule, 2)] })).toBe(first);
  });

  test('ends a conversation that goes on after its last turn, and refuses what it does not know', () => {
    const said = Array.from({ length: 9 }, () => ({ role: 'assistant', content: 'x' }));
    expect(turnOf({ model, tools, messages: [prompt(rule, 1), ...said] })).toEqual({ text: 'Done.' });
    const unknown = {
      error: { status: 400, body: { error: { message: expect.stringMatching(/^REHEARSAL_UNSCRIPTED/) } } },
    };
    expect(turnOf({ model, tools, messages: [prompt(rule, 3)] })).toMatchObject(unknown);
    expect(turnOf({ model, tools, messages: [prompt('Paint it', 1)] })).toMatchObject(unknown);
  });
});
