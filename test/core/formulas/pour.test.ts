/** From a formula and its values to a molecule, or to a plan. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checklistOfPlan } from '../../../core/formulas/checklist-of-plan.ts';
import type { Formula, Workflow } from '../../../core/formulas/formula.ts';
import { nextStep } from '../../../core/formulas/molecule.ts';
import { parseFormula } from '../../../core/formulas/parse.ts';
import { planOfFormula } from '../../../core/formulas/plan-of-formula.ts';
import { pour } from '../../../core/formulas/pour.ts';
import { planChecklist } from '../../../core/intents/plan-checklist.ts';
import { limits } from '../../../core/limits.ts';

function read(text: string): Formula {
  const parsed = parseFormula(text);
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return parsed.formula;
}
const builtIn = (name: string) =>
  read(readFileSync(new URL(`../../../formulas/${name}.toml`, import.meta.url), 'utf8'));
const molecule = (text: string, vars: Record<string, string> = {}) => {
  const poured = pour(read(text) as Workflow, vars, 'built-in');
  if ('faults' in poured) throw new Error(JSON.stringify(poured.faults));
  return poured.molecule;
};

describe('a poured molecule', () => {
  test('has its steps in the order of their needs, its loops unrolled, and what a condition leaves out marked', () => {
    const { steps } = molecule(
      `formula = "f"
       [vars]
       mode = "quick"
       [[steps]]
       id = "last"
       title = "Last"
       needs = ["polish", "docs"]
       [[steps]]
       id = "polish"
       title = "Polish"
       loop = { count = 2 }
       gate = { type = "human" }
       [[steps]]
       id = "docs"
       title = "Write {{mode}} docs"
       condition = "{{mode}} == 'full'"`,
    );
    expect(steps.map(({ id, needs, title }) => [id, needs, title])).toEqual([
      ['polish.1', [], 'Polish (1 of 2)'],
      ['polish.2', ['polish.1'], 'Polish (2 of 2)'],
      ['docs', [], 'Write quick docs'],
      ['last', ['polish.2', 'docs'], 'Last'],
    ]);
    expect(steps.map(({ gate, skipped }) => [gate?.type, skipped !== undefined])).toEqual([
      ['human', false],
      [undefined, false],
      [undefined, true],
      [undefined, false],
    ]);
  });

  test('puts a value into a command as one word, whatever it holds', () => {
    const { steps } = molecule(
      `formula = "f"
       [vars.x]
       required = true
       [[steps]]
       id = "a"
       title = "A {{x}}"
       check = "test -e {{x}}"`,
      { x: "a'; rm -rf / #" },
    );
    expect(steps[0]?.check).toBe(`test -e 'a'\\''; rm -rf / #'`);
    expect(steps[0]?.title).toBe("A a'; rm -rf / #");
  });

  test.each([
    ['{{x}}', 'yes', true],
    ['{{x}}', 'false', false],
    ['!{{x}}', '', true],
    ["{{x}} == 'a'", 'a', true],
    ["{{x}} != 'a'", 'a', false],
  ])('the condition %s with %j holds: %s', (condition, x, runs) => {
    const text = `formula = "f"\n[vars]\nx = ""\n[[steps]]\nid = "a"\ntitle = "A"\ncondition = "${condition}"`;
    expect(molecule(text, { x }).steps[0]?.skipped === undefined).toBe(runs);
  });

  test('is refused with every missing, unknown and unfit value named', () => {
    const formula = read(`formula = "f"
      [vars.issue]
      required = true
      [vars.mode]
      enum = ["a", "b"]
      [[steps]]
      id = "a"
      title = "A"`) as Workflow;
    expect(pour(formula, { mode: 'c', isue: '1' }, 'built-in')).toEqual({
      faults: [
        expect.objectContaining({ code: 'VAR_MISSING', at: 'issue' }),
        expect.objectContaining({ code: 'VAR_INVALID', at: 'mode' }),
        expect.objectContaining({ code: 'VAR_UNKNOWN', what: expect.stringContaining('Did you mean "issue"?') }),
      ],
    });
  });

  test('is refused where its loops make too many steps of it', () => {
    const steps = Array.from({ length: 6 }, (_, i) => `[[steps]]\nid = "s${i}"\ntitle = "S"\nloop = { count = 20 }`);
    expect(pour(read(`formula = "f"\n${steps.join('\n')}`) as Workflow, {}, 'built-in')).toEqual({
      faults: [expect.objectContaining({ code: 'MOLECULE_TOO_LARGE', what: expect.stringContaining('120 steps') })],
    });
  });

  test('goes on with the first step that is not done, and ends when none is left', () => {
    const shiny = molecule(readFileSync(new URL('../../../formulas/shiny.toml', import.meta.url), 'utf8'));
    const done = new Set<string>();
    const order: string[] = [];
    for (let step = nextStep(shiny, done); step; step = nextStep(shiny, done)) {
      order.push(step.id);
      done.add(step.id);
    }
    expect(order).toEqual(['design', 'implement', 'review', 'test']);
  });
});

describe('a formula as a plan', () => {
  const town = { rig: 'green', rigs: ['green'], runtime: 'command' } as const;
  const again = (plan: Parameters<typeof checklistOfPlan>[0]) => planChecklist(checklistOfPlan(plan), limits, town);

  test('a convoy formula is a bead for each leg, side by side, and the synthesis after all of them', () => {
    const planned = planOfFormula(builtIn('security-audit'), { vars: { scope: 'src' } });
    expect(planned).toEqual({
      plan: expect.objectContaining({ title: 'Audit the security of the repository: src' }),
    });
    const plan = 'plan' in planned ? planned.plan : undefined;
    expect(plan?.beads.map(({ name, needs }) => [name, needs])).toEqual([
      ['secrets', []],
      ['input', []],
      ['access', []],
      ['dependencies', []],
      ['synthesis', ['secrets', 'input', 'access', 'dependencies']],
    ]);
    expect(plan && again(plan)).toEqual({ plan });
  });

  test('a leg whose condition does not hold is left out, and what needed it needs what it needed', () => {
    const leg = (id: string, ...more: string[]) => ['[[legs]]', `id = "${id}"`, `title = "${id}"`, ...more];
    const head = ['formula = "f"', 'type = "convoy"', '[vars]', 'deep = ""'];
    const middle = leg('b', 'needs = ["a"]', 'condition = "{{deep}}"');
    const formula = read([...head, ...leg('a'), ...middle, ...leg('c', 'needs = ["b"]')].join('\n'));
    const planned = planOfFormula(formula, { vars: {} });
    const beads = 'plan' in planned ? planned.plan.beads : [];
    expect(beads.map(({ name, needs }) => [name, needs])).toEqual([
      ['a', []],
      ['c', ['a']],
    ]);
  });

  test('a workflow is one bead that follows it, with its values', () => {
    const planned = planOfFormula(builtIn('shiny'), {
      vars: { notes: 'design.md' },
      title: 'Add a parser',
      instructions: 'needs: care\n- [ ] not a task\n```sh\nrm -rf /\n```',
    });
    const plan = 'plan' in planned ? planned.plan : undefined;
    expect(plan?.beads).toEqual([
      expect.objectContaining({ name: 'shiny', formula: 'shiny', vars: { notes: 'design.md' } }),
    ]);
    const read = plan && again(plan);
    expect(read).toEqual({ plan: expect.objectContaining({ title: 'Add a parser' }) });
    const bead = read && 'plan' in read ? read.plan.beads[0] : undefined;
    expect(bead).toMatchObject({ needs: [], formula: 'shiny', vars: { notes: 'design.md' } });
    expect(bead?.script).toBeUndefined();
    expect(bead?.instructions).toContain('- [ ] not a task');
  });

  test('whatever the instructions say, the checklist holds one task without a script and without other fields', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '- [ ] x: y',
        'needs: a',
        '```sh',
        '```',
        '~~~',
        '<!--',
        '````',
        '  [x] z',
        'budget: 3',
        '# Title',
      ),
      fc.string({ maxLength: 12, unit: 'grapheme-ascii' }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const planned = planOfFormula(builtIn('shiny'), { vars: {}, title: 'T', instructions: lines.join('\n') });
        const read = 'plan' in planned ? again(planned.plan) : planned;
        expect(read).toEqual({ plan: expect.objectContaining({ title: 'T' }) });
        const beads = 'plan' in read ? read.plan.beads : [];
        expect(beads).toHaveLength(1);
        expect(beads[0]).toMatchObject({ needs: [], formula: 'shiny' });
        expect(beads[0]?.script ?? beads[0]?.budgetUsd).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
