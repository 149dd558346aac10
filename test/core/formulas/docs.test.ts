/** The examples of docs/formulas.md are run, so that what is written there stays true. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Workflow } from '../../../core/formulas/formula.ts';
import { parseFormula } from '../../../core/formulas/parse.ts';
import { planOfFormula } from '../../../core/formulas/plan-of-formula.ts';
import { pour } from '../../../core/formulas/pour.ts';
import { planChecklist } from '../../../core/intents/plan-checklist.ts';
import { limits } from '../../../core/limits.ts';

const document = readFileSync(new URL('../../../docs/formulas.md', import.meta.url), 'utf8');
const blocks = (fence: string, info: string): string[] =>
  [...document.matchAll(new RegExp(`^${fence}${info}\\n([\\s\\S]*?)^${fence}$`, 'gm'))].map(([, body = '']) => body);

const [workflow, convoy] = blocks('```', 'toml').map((text) => parseFormula(text));

test('the workflow of the documents pours into the steps that it tells of', () => {
  const formula = workflow && 'formula' in workflow ? (workflow.formula as Workflow) : undefined;
  const poured = formula && pour(formula, { version: '1.2.0', channel: 'next' }, 'repository');
  const steps = poured && 'molecule' in poured ? poured.molecule.steps : [];
  expect(steps.map(({ id, skipped }) => [id, skipped !== undefined])).toEqual([
    ['changes', false],
    ['approval', false],
    ['tests', false],
    ['announce', true],
  ]);
  expect(steps[0]).toMatchObject({ title: 'Describe 1.2.0 in CHANGELOG.md', check: "grep -q '1.2.0' 'CHANGELOG.md'" });
});

test('the convoy formula of the documents is a plan of three beads', () => {
  const formula = convoy && 'formula' in convoy ? convoy.formula : undefined;
  const planned = formula && planOfFormula(formula, { vars: { package: 'left-pad' } });
  const beads = planned && 'plan' in planned ? planned.plan.beads : [];
  expect(beads.map(({ name, needs, formula: follows }) => [name, needs, follows])).toEqual([
    ['code', [], 'shiny'],
    ['docs', [], undefined],
    ['synthesis', ['code', 'docs'], undefined],
  ]);
});

test('the checklist is a plan whose bead follows the formula', () => {
  const town = { rig: 'green', rigs: ['green'], runtime: 'command' } as const;
  expect(planChecklist(blocks('````', 'markdown')[0] ?? '', limits, town)).toEqual({
    plan: expect.objectContaining({
      beads: [expect.objectContaining({ formula: 'shiny', vars: { notes: 'parser-design.md' } })],
    }),
  });
});

test('the faulty example has the faults that are printed below it', () => {
  const parsed = parseFormula(blocks('```', 'toml faulty')[0] ?? '');
  const faults = 'faults' in parsed ? parsed.faults : [];
  const printed = faults.map(({ at, code, what }) => `${at?.padEnd(7)} ${code.padEnd(20)} ${what}\n`).join('');
  expect(printed).toBe(blocks('```', 'text')[0]);
});

test('every code that the sources name is explained, and every built-in formula named', () => {
  const dir = new URL('../../../core/formulas/', import.meta.url);
  const texts = readdirSync(dir).map((file) => readFileSync(new URL(file, dir), 'utf8'));
  const codes = new Set(texts.flatMap((text) => [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, code]) => code)));
  expect(codes.size).toBeGreaterThan(10);
  const names = readdirSync(new URL('../../../formulas/', import.meta.url)).map((file) => file.replace('.toml', ''));
  expect([...codes, ...names].filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
});
