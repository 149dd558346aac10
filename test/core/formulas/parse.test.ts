/** What is wrong with a formula is said at once, all of it, each with its line. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { orderOf } from '../../../core/formulas/order.ts';
import { parseFormula } from '../../../core/formulas/parse.ts';
import { limits } from '../../../core/limits.ts';

const faultsOf = (text: string): string[] => {
  const parsed = parseFormula(text);
  return 'faults' in parsed ? parsed.faults.map(({ at, code }) => `${at?.replace('line ', '')} ${code}`) : [];
};

const step = (id: string, ...more: string[]) => ['[[steps]]', `id = "${id}"`, `title = "Do ${id}"`, ...more];
const formula = (...lines: string[]) => ['formula = "f"', ...lines].join('\n');

describe('a built-in formula', () => {
  const dir = new URL('../../../formulas/', import.meta.url);
  test.each(readdirSync(dir))('%s has no fault, and the name of its file', (file) => {
    const parsed = parseFormula(readFileSync(new URL(file, dir), 'utf8'));
    expect(parsed).toEqual({ formula: expect.objectContaining({ name: file.replace('.toml', '') }) });
  });
});

test('everything a step may say is read', () => {
  const text = formula(
    'version = 3',
    'description = "It does"',
    '[vars.issue]',
    'required = true',
    'pattern = "^\\\\d+$"',
    '[vars]',
    'mode = "full"',
    ...step(
      'a',
      'acceptance = ["it is"]',
      'check = "npm test"',
      'gate = { type = "ci", check = "build", minutes = 5 }',
    ),
    ...step('b', 'needs = ["a"]', 'retry = { max_attempts = 2 }', 'condition = "{{mode}} == \'full\'"'),
    ...step('c', 'loop = { until = "npm test", max = 4 }'),
    '[steps.gate]',
    'type = "human"',
  );
  expect(parseFormula(text)).toEqual({
    formula: {
      name: 'f',
      type: 'workflow',
      version: 3,
      description: 'It does',
      vars: [
        { name: 'issue', description: '', required: true, pattern: '^\\d+$' },
        { name: 'mode', description: '', required: false, default: 'full' },
      ],
      steps: [
        {
          id: 'a',
          title: 'Do a',
          description: '',
          acceptance: ['it is'],
          needs: [],
          check: 'npm test',
          gate: { type: 'ci', check: 'build', minutes: 5 },
          maxAttempts: 1,
        },
        expect.objectContaining({ id: 'b', needs: ['a'], maxAttempts: 2, condition: "{{mode}} == 'full'" }),
        expect.objectContaining({ loop: { until: 'npm test', max: 4 }, gate: { type: 'human' } }),
      ],
    },
  });
});

test.each<[string, string, string[]]>([
  ['no TOML', 'formula = "f"\nsteps = [', ['2 FORMULA_SYNTAX']],
  ['a key twice', formula('version = 1', 'version = 2'), ['3 FORMULA_SYNTAX']],
  ['a key that would reach a prototype', formula('[__proto__]', 'x = 1'), ['2 FORMULA_SYNTAX']],
  ['nothing', '', ['1 FORMULA_KEY_MISSING', '1 FORMULA_KEY_MISSING']],
  ['no name', step('a').join('\n'), ['1 FORMULA_KEY_MISSING']],
  ['a name of another shape', ['formula = "My Formula"', ...step('a')].join('\n'), ['1 FORMULA_VALUE_INVALID']],
  ['a type that there is not', formula('type = "workflw"', ...step('a')), ['2 FORMULA_VALUE_INVALID']],
  ['an unknown key at the top', formula('versoin = 1', ...step('a')), ['2 FORMULA_KEY_UNKNOWN']],
  ['an unknown key of a step', formula(...step('a', 'chekc = "x"')), ['5 FORMULA_KEY_UNKNOWN']],
  ['legs in a workflow', formula(...step('a'), '[[legs]]', 'id = "l"'), ['5 FORMULA_KEY_UNKNOWN']],
  ['a version that is a text', formula('version = "1"', ...step('a')), ['2 FORMULA_TYPE_WRONG']],
  ['needs that are a text', formula(...step('a'), ...step('b', 'needs = "a"')), ['8 FORMULA_TYPE_WRONG']],
  ['steps that are a table', formula('[steps]', 'id = "a"'), ['2 FORMULA_TYPE_WRONG', '2 FORMULA_KEY_MISSING']],
  ['a step without a title', formula('[[steps]]', 'id = "a"'), ['2 FORMULA_KEY_MISSING']],
  ['a title of two lines', formula('[[steps]]', 'id = "a"', 'title = "b\\nc"'), ['4 FORMULA_VALUE_INVALID']],
  ['an id twice', formula(...step('a'), ...step('a')), ['6 STEP_DUPLICATE']],
  ['a need that there is not', formula(...step('build'), ...step('b', 'needs = ["biuld"]')), ['8 NEED_UNKNOWN']],
  ['a need twice', formula(...step('a'), ...step('b', 'needs = ["a", "a"]')), ['8 NEED_DUPLICATE']],
  ['a step that needs itself', formula(...step('a', 'needs = ["a"]')), ['5 NEED_SELF']],
  ['a cycle', formula(...step('a', 'needs = ["b"]'), ...step('b', 'needs = ["a"]')), ['5 STEPS_CYCLE']],
  [
    'retry and until',
    formula(...step('a', 'retry = { max_attempts = 2 }', 'loop = { until = "x", max = 2 }')),
    ['5 OPTIONS_CONFLICT'],
  ],
  ['count and until', formula(...step('a', 'loop = { count = 2, until = "x", max = 2 }')), ['5 OPTIONS_CONFLICT']],
  ['count and max', formula(...step('a', 'loop = { count = 2, max = 2 }')), ['5 OPTIONS_CONFLICT']],
  ['until without a bound', formula(...step('a', 'loop = { until = "x" }')), ['5 FORMULA_KEY_MISSING']],
  ['an empty loop', formula(...step('a', 'loop = {}')), ['5 OPTIONS_CONFLICT']],
  ['no attempts', formula(...step('a', 'retry = { max_attempts = 0 }')), ['5 FORMULA_VALUE_INVALID']],
  ['a gate of no type', formula(...step('a', 'gate = {}')), ['5 FORMULA_KEY_MISSING']],
  ['a gate that there is not', formula(...step('a', 'gate = { type = "moon" }')), ['5 FORMULA_VALUE_INVALID']],
  ['a timer without a time', formula(...step('a', 'gate = { type = "timer" }')), ['5 FORMULA_KEY_MISSING']],
  ['a pull request of no name', formula(...step('a', 'gate = { type = "pr" }')), ['5 FORMULA_KEY_MISSING']],
  ['one that is two words', formula(...step('a', 'gate = { type = "pr", pr = "a b" }')), ['5 FORMULA_VALUE_INVALID']],
  ['one of no variable', formula(...step('a', 'gate = { type = "pr", pr = "{{ x }}" }')), ['5 VAR_UNKNOWN']],
  ['a check with one', formula(...step('a', 'gate = { type = "ci", check = "c", pr = "7" }')), ['5 OPTIONS_CONFLICT']],
  ['a human with a time', formula(...step('a', 'gate = { type = "human", minutes = 3 }')), ['5 OPTIONS_CONFLICT']],
  ['no condition', formula(...step('a', 'condition = "1 == 1"')), ['5 FORMULA_VALUE_INVALID']],
  [
    'a variable that there is not',
    formula('[vars]', 'mode = "x"', ...step('a', 'check = "echo {{mdoe}}"')),
    ['7 VAR_UNKNOWN'],
  ],
  [
    'required, with a default',
    formula('[vars.x]', 'required = true', 'default = "1"', ...step('a')),
    ['4 OPTIONS_CONFLICT'],
  ],
  ['an enum and a pattern', formula('[vars.x]', 'enum = ["a"]', 'pattern = "a"', ...step('a')), ['4 OPTIONS_CONFLICT']],
  [
    'a default that is not in the enum',
    formula('[vars.x]', 'enum = ["a"]', 'default = "b"', ...step('a')),
    ['4 FORMULA_VALUE_INVALID'],
  ],
  ['a pattern that is none', formula('[vars.x]', 'pattern = "("', ...step('a')), ['3 FORMULA_VALUE_INVALID']],
  ['an unknown key of a variable', formula('[vars.x]', 'defualt = "b"', ...step('a')), ['3 FORMULA_KEY_UNKNOWN']],
  ['a variable of another shape', formula('[vars]', '"a-b" = "c"', ...step('a')), ['3 FORMULA_VALUE_INVALID']],
  ['a convoy without legs', formula('type = "convoy"'), ['1 FORMULA_KEY_MISSING']],
  [
    'steps in a convoy',
    formula('type = "convoy"', '[[legs]]', 'id = "l"', 'title = "L"', ...step('a')),
    ['6 FORMULA_KEY_UNKNOWN'],
  ],
  [
    'a check of a leg',
    formula('type = "convoy"', '[[legs]]', 'id = "l"', 'title = "L"', 'check = "x"'),
    ['6 FORMULA_KEY_UNKNOWN'],
  ],
])('%s is a fault, with its line', (_what, text, faults) => {
  expect(faultsOf(text)).toEqual(faults);
});

test('every fault is named at once, in the order of the lines', () => {
  const text = formula(
    'colour = "red"',
    ...step(
      'a',
      'needs = ["z"]',
      'check = 3',
      'description = """',
      'id = "not a key"',
      '# nor a comment',
      '"""',
      'chck = 1',
    ),
    ...step('a', 'gate = { type = "timer", minutes = 0, when = "now" }'),
  );
  expect(faultsOf(text)).toEqual([
    '2 FORMULA_KEY_UNKNOWN',
    '6 NEED_UNKNOWN',
    '7 FORMULA_TYPE_WRONG',
    '12 FORMULA_KEY_UNKNOWN',
    '14 STEP_DUPLICATE',
    '16 FORMULA_VALUE_INVALID',
    '16 FORMULA_KEY_UNKNOWN',
  ]);
});

test('a text over the limit is not read at all', () => {
  expect(parseFormula(`# ${'x'.repeat(limits.formulaBytesMax)}`)).toEqual({
    faults: [expect.objectContaining({ code: 'FORMULA_TOO_LARGE' })],
  });
});

test('whatever the text, reading it ends in a formula or in faults that have a line', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '[[steps]]',
      '[vars.x]',
      'id = "a"',
      'title = "t"',
      'needs = ["a"]',
      'x = """',
      '"""',
      '[synthesis]',
    ),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const parsed = parseFormula(lines.join('\n'));
      if ('faults' in parsed) for (const { at } of parsed.faults) expect(at).toMatch(/^line [1-9]\d*$/);
    }),
    { numRuns: 300 },
  );
});

test('a reference that never closes is read once, however many blanks it has', () => {
  const parsed = parseFormula(formula(...step('a', `description = "{{${' '.repeat(15_000)}"`)));
  expect(parsed).toMatchObject({ formula: { steps: [{ id: 'a' }] } });
});

test('an order has every step once and never before its needs, or a cycle that is one', () => {
  const graph = fc
    .integer({ min: 1, max: 8 })
    .chain((n) =>
      fc.array(fc.array(fc.integer({ min: 0, max: n - 1 }), { maxLength: 3 }), { minLength: n, maxLength: n }),
    );
  fc.assert(
    fc.property(graph, (edges) => {
      const nodes = edges.map((needs, i) => ({
        id: `s${i}`,
        needs: needs.filter((need) => need !== i).map((j) => `s${j}`),
      }));
      const { order, cycle } = orderOf(nodes);
      const place = new Map(order.map(({ id }, i) => [id, i]));
      for (const { id, needs } of order)
        for (const need of needs) expect(place.get(need)).toBeLessThan(place.get(id) ?? -1);
      expect(cycle.length > 0).toBe(order.length < nodes.length);
      cycle.forEach((id, i) => {
        expect(nodes.find((node) => node.id === id)?.needs).toContain(cycle[(i + 1) % cycle.length]);
      });
    }),
  );
});
