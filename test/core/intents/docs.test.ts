/** The examples of docs/intents.md are run, so that what is written there stays true. */
import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { planChecklist } from '../../../core/intents/plan-checklist.ts';
import { limits } from '../../../core/limits.ts';

const document = await readFile(new URL('../../../docs/intents.md', import.meta.url), 'utf8');
const town = { rig: 'green', rigs: ['green'], runtime: 'shell' } as const;

/** The bodies of the fenced blocks with this info string; examples hold fences of their own, so theirs are longer. */
const examples = (info: string): string[] =>
  [...document.matchAll(/^````(.+)\n([\s\S]*?)^````$/gm)]
    .filter(([, found]) => found === info)
    .map(([, , body]) => body ?? '');

test('every good example is a plan without a fault', () => {
  const plans = examples('markdown').map((example) => planChecklist(example, limits, town));
  expect(plans).toEqual([
    { plan: expect.objectContaining({ title: 'Greet people by name' }) },
    { plan: expect.objectContaining({ title: 'Tidy up' }) },
  ]);
  const beads = plans.flatMap((planned) => ('plan' in planned ? planned.plan.beads : []));
  expect(beads.map(({ name, needs, priority }) => [name, needs, priority])).toEqual([
    ['greet', [], 2],
    ['cli', ['greet'], 1],
    ['sort-the-imports', [], 2],
    ['say-so-in-the-change-log', ['sort-the-imports'], 2],
  ]);
  expect(beads.every(({ script }) => script?.endsWith('\n'))).toBe(true);
});

test('the faulty example has the faults that are printed below it, in the order of their lines', () => {
  const planned = planChecklist(examples('markdown faulty')[0] ?? '', limits, town);
  const faults = 'faults' in planned ? planned.faults : [];
  const printed = faults.map(({ at, code, what }) => `${at?.padEnd(7)} ${code.padEnd(15)} ${what}\n`).join('');
  expect(printed).toBe(examples('text')[0]);
});

test('every code that the sources name is explained', async () => {
  const sources = [
    'convoys/plan.ts',
    'convoys/plan-graph.ts',
    'intents/checklist.ts',
    'intents/task-body.ts',
    'intents/fields.ts',
  ];
  const texts = await Promise.all(
    sources.map((path) => readFile(new URL(`../../../core/${path}`, import.meta.url), 'utf8')),
  );
  const codes = new Set(texts.flatMap((text) => [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, code]) => code)));
  expect(codes.size).toBeGreaterThan(20);
  expect([...codes].filter((code) => !document.includes(`\`${code}\``))).toEqual([]);
});
