/** Reads a formula. Strict: what it does not know is a fault, and every fault is named at once, with its line. */
import { parse, TomlError } from 'smol-toml';
import type { Fault } from '../errors.ts';
import { limits } from '../limits.ts';
import { clip, didYouMean, suggester } from '../nearest.ts';
import {
  type ConvoyFormula,
  type Formula,
  formulaNamePattern,
  gateTypes,
  type Leg,
  type Step,
  type StepGate,
  type Variable,
  type Workflow,
} from './formula.ts';
import { linesOf } from './lines.ts';
import { type Node, orderOf } from './order.ts';
import { type Faults, isTable, report, Table } from './read-table.ts';
import {
  isCondition,
  type Matches,
  misfit,
  plainMatch,
  referencesIn,
  valueCharsMax,
  variableNamePattern,
} from './vars.ts';

export type Parsed = { readonly formula: Formula } | { readonly faults: readonly Fault[] };

const idPattern = /^[a-z][a-z0-9-]{0,40}$/;
const idRule = { max: 41, pattern: idPattern, expected: 'lower-case letters, digits and dashes, at most 41' };
const pullRequestRule = {
  max: 250,
  pattern: /^(?:\{\{.*?\}\}|[^\s\p{Cc}])+$/u,
  expected: 'its number or its head branch',
};
const titleRule = { max: limits.titleCharsMax, pattern: /^[^\p{Cc}]*\S[^\p{Cc}]*$/u, expected: 'one line of text' };
const proseRule = { max: limits.formulaTextCharsMax };
const commandRule = { max: 2000, pattern: /\S/, expected: 'a shell command' };
const acceptanceRule = { max: 1000, items: 50 };

export function parseFormula(text: string, matches: Matches = plainMatch): Parsed {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > limits.formulaBytesMax) {
    const what = `The formula has ${bytes} bytes; the limit is ${limits.formulaBytesMax}.`;
    return { faults: [{ code: 'FORMULA_TOO_LARGE', what, remedy: 'Move what is long into files of the repository.' }] };
  }
  const read = readToml(text);
  if ('faults' in read) return read;
  const faults: Faults = { all: [], lineOf: linesOf(text.replaceAll('\r\n', '\n')) };
  const formula = readFormula(new Table(read.fields, '', 'The formula', faults), faults, matches);
  if (faults.all.length === 0) return { formula };
  return { faults: faults.all.sort((a, b) => lineNumber(a) - lineNumber(b)) };
}

const lineNumber = ({ at }: Fault): number => Number(at?.slice('line '.length) ?? 0);

/** The syntax alone: it ends at its first fault, because what follows cannot be told from it. */
function readToml(text: string): { readonly fields: Record<string, unknown> } | { readonly faults: readonly Fault[] } {
  try {
    return { fields: parse(text, { maxDepth: 20, unsafeKeyBehaviour: 'throw' }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = `This is not TOML: ${error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '')}.`;
    const remedy = `Mend it near column ${error.column}.`;
    return { faults: [{ code: 'FORMULA_SYNTAX', what, remedy, at: `line ${error.line}` }] };
  }
}

function readFormula(table: Table, faults: Faults, matches: Matches): Formula {
  const name = table.needText('formula', { ...idRule, pattern: formulaNamePattern });
  const type = table.one('type', ['workflow', 'convoy']) ?? 'workflow';
  const version = table.whole('version', 1, 1_000_000) ?? 1;
  const description = table.text('description', proseRule) ?? '';
  const vars = readVariables(table, faults, matches);
  const common = { name, version, description, vars };
  const formula = type === 'convoy' ? readConvoy(table, common, faults) : readWorkflow(table, common, faults);
  table.close();
  return formula;
}

type Common = Pick<Workflow, 'name' | 'version' | 'description' | 'vars'>;

function readVariables(formula: Table, faults: Faults, matches: Matches): readonly Variable[] {
  const table = formula.table('vars', 'The table of variables');
  if (!table) return [];
  if (table.keys().length > limits.formulaVarsMax)
    table.fault(
      '',
      'FORMULA_TOO_LARGE',
      `has ${table.keys().length} variables; the limit is ${limits.formulaVarsMax}.`,
      'Give fewer.',
    );
  return table.keys().flatMap((name) => {
    const value = table.raw(name);
    const path = table.at(name);
    if (!variableNamePattern.test(name)) {
      const what = `The variable "${clip(name)}" cannot be called so.`;
      report(faults, path, 'FORMULA_VALUE_INVALID', what, 'Use lower-case letters, digits and _.');
      return [];
    }
    // `issue = "42"` says as much as a table with a default.
    if (typeof value === 'string') return [{ name, description: '', required: false, default: value }];
    if (isTable(value)) return [readVariable(new Table(value, path, `Variable "${name}"`, faults), name, matches)];
    report(faults, path, 'FORMULA_TYPE_WRONG', `The variable "${name}" is no table.`, 'Give a table, or its default.');
    return [];
  });
}

function readVariable(table: Table, name: string, matches: Matches): Variable {
  const description = table.text('description', titleRule) ?? '';
  const required = table.flag('required') ?? false;
  const preset = table.text('default', { max: valueCharsMax });
  const allowed = table.texts('enum', { max: 200, items: 50 });
  const pattern = table.text('pattern', { max: 200 });
  table.close();
  if (required && preset !== undefined)
    conflict(table, 'default', 'is required and has a default', 'Keep one of them.');
  if (table.has('enum') && pattern !== undefined)
    conflict(table, 'pattern', 'has an enum and a pattern', 'Keep one of them.');
  const variable: Variable = {
    name,
    description,
    required,
    ...(preset === undefined ? {} : { default: preset }),
    ...(table.has('enum') ? { enum: allowed } : {}),
    ...(pattern === undefined ? {} : { pattern }),
  };
  if (pattern !== undefined && !isRegExp(pattern)) {
    table.fault('pattern', 'FORMULA_VALUE_INVALID', 'has a pattern that is no regular expression.', 'Mend it.');
    return variable;
  }
  const wrong = preset === undefined ? undefined : misfit(variable, preset, matches);
  if (wrong !== undefined)
    table.fault('default', 'FORMULA_VALUE_INVALID', `has a default that ${wrong}.`, 'Give another default.');
  return variable;
}

function isRegExp(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') !== undefined;
  } catch {
    return false;
  }
}

const conflict = (table: Table, key: string, what: string, remedy: string): void =>
  table.fault(key, 'OPTIONS_CONFLICT', `${what}.`, remedy);

const called = (kind: string) => (fields: Readonly<Record<string, unknown>>, i: number) =>
  typeof fields.id === 'string' ? `${kind} "${clip(fields.id)}"` : `${kind} ${i + 1}`;

/** At least one, and not too many. */
function partsOf(table: Table, key: 'steps' | 'legs', kind: string): readonly Table[] {
  const tables = table.tables(key, called(kind));
  if (tables.length === 0)
    table.fault(key, 'FORMULA_KEY_MISSING', `has no ${key}.`, `Give it at least one: [[${key}]].`);
  if (tables.length > limits.formulaStepsMax) {
    const what = `has ${tables.length} ${key}; the limit is ${limits.formulaStepsMax}.`;
    table.fault(key, 'FORMULA_TOO_LARGE', what, 'Make several formulas of it.');
  }
  return tables;
}

function readWorkflow(table: Table, common: Common, faults: Faults): Workflow {
  const tables = partsOf(table, 'steps', 'Step');
  const steps = tables.map((step) => readStep(step, common.vars));
  checkNeeds('Step', steps, tables, faults);
  return { ...common, type: 'workflow', steps };
}

function readStep(table: Table, vars: readonly Variable[]): Step {
  const basics = readBasics(table, vars);
  const check = table.text('check', commandRule);
  const gate = readGate(table, vars);
  const retry = table.table('retry', `The retry of step "${basics.id}"`);
  const maxAttempts = retry?.whole('max_attempts', 1, 10);
  if (retry && !retry.has('max_attempts'))
    retry.fault('', 'FORMULA_KEY_MISSING', 'has no max_attempts.', 'Say how often: max_attempts = 2.');
  retry?.close();
  const loop = readLoop(table, basics.id, vars);
  table.close();
  if (check !== undefined) checkReferences(table, 'check', check, vars);
  if (loop && 'until' in loop && retry)
    conflict(table, 'retry', 'has a retry and a loop until', 'A loop that repeats until its command passes is enough.');
  return {
    ...basics,
    ...(check === undefined ? {} : { check }),
    ...(gate === undefined ? {} : { gate }),
    maxAttempts: maxAttempts ?? 1,
    ...(loop === undefined ? {} : { loop }),
  };
}

/** What steps and legs share. */
function readBasics(table: Table, vars: readonly Variable[]) {
  const id = table.needText('id', idRule);
  const title = table.needText('title', titleRule);
  const description = table.text('description', proseRule) ?? '';
  const acceptance = table.texts('acceptance', acceptanceRule);
  const needs = table.texts('needs', { ...idRule, items: 50 });
  const condition = table.text('condition', { max: 300 });
  for (const [key, text] of [
    ['title', title],
    ['description', description],
    ['acceptance', acceptance.join('\n')],
  ] as const)
    checkReferences(table, key, text, vars);
  if (condition !== undefined) {
    if (isCondition(condition)) checkReferences(table, 'condition', condition, vars);
    else
      table.fault(
        'condition',
        'FORMULA_VALUE_INVALID',
        `has the condition ${JSON.stringify(clip(condition))}.`,
        "Give {{x}}, !{{x}}, {{x}} == 'a' or {{x}} != 'a'.",
      );
  }
  return { id, title, description, acceptance, needs, ...(condition === undefined ? {} : { condition }) };
}

function checkReferences(table: Table, key: string, text: string, vars: readonly Variable[]): void {
  const names = vars.map(({ name }) => name);
  for (const name of new Set(referencesIn(text))) {
    if (names.includes(name)) continue;
    const what = `uses {{${clip(name)}}}, which is no variable.${didYouMean(suggester(names)(name))}`;
    table.fault(key, 'VAR_UNKNOWN', what, `Declare it: [vars.${variableNamePattern.test(name) ? name : 'name'}].`);
  }
}

/** The first is needed, but for a question. */
const gateKeys: Readonly<Record<StepGate['type'], readonly string[]>> = {
  human: ['question'],
  timer: ['minutes'],
  bead: ['bead', 'minutes'],
  ci: ['check', 'minutes'],
  pr: ['pr', 'minutes'],
};

function readGate(step: Table, vars: readonly Variable[]): StepGate | undefined {
  const table = step.table('gate', 'The gate');
  if (!table) return undefined;
  const type = table.one('type', gateTypes);
  if (!table.has('type'))
    table.fault('', 'FORMULA_KEY_MISSING', 'has no type.', `Give one of ${gateTypes.join(', ')}.`);
  const given = {
    question: table.text('question', titleRule),
    minutes: table.whole('minutes', 1, limits.gateMinutesMax),
    bead: table.text('bead', { max: 100 }),
    check: table.text('check', titleRule),
    pr: table.text('pr', pullRequestRule),
  };
  table.close();
  if (type === undefined) return undefined;
  const takes = gateKeys[type];
  for (const key of ['question', 'minutes', 'bead', 'check', 'pr'] as const) {
    if (table.has(key) && !takes.includes(key))
      conflict(table, key, `of type ${type} has ${key}`, `It takes ${takes.join(' and ')}.`);
  }
  const [missing] = takes;
  if (type !== 'human' && missing !== undefined && !table.has(missing))
    table.fault('', 'FORMULA_KEY_MISSING', `of type ${type} has no ${missing}.`, `Give it ${missing}.`);
  for (const key of ['question', 'bead', 'check', 'pr'] as const) checkReferences(table, key, given[key] ?? '', vars);
  const atMost = given.minutes === undefined ? {} : { minutes: given.minutes };
  switch (type) {
    case 'human':
      return { type, ...(given.question === undefined ? {} : { question: given.question }) };
    case 'timer':
      return { type, minutes: given.minutes ?? 1 };
    case 'bead':
      return { type, bead: given.bead ?? '', ...atMost };
    case 'ci':
      return { type, check: given.check ?? '', ...atMost };
    case 'pr':
      return { type, pr: given.pr ?? '', ...atMost };
  }
}

function readLoop(step: Table, id: string, vars: readonly Variable[]): Step['loop'] {
  const table = step.table('loop', `The loop of step "${id}"`);
  if (!table) return undefined;
  const count = table.whole('count', 1, limits.formulaLoopMax);
  const until = table.text('until', commandRule);
  const max = table.whole('max', 1, limits.formulaLoopMax);
  table.close();
  if (until !== undefined) checkReferences(table, 'until', until, vars);
  if (table.has('count') === table.has('until')) {
    const what = table.has('count') ? 'has a count and an until' : 'has neither a count nor an until';
    conflict(table, table.has('until') ? 'until' : '', what, 'Give count = N, or until = "command" with max = N.');
  } else if (table.has('count') && table.has('max'))
    conflict(table, 'max', 'has a count and a max', 'The count says how often.');
  else if (table.has('until') && !table.has('max'))
    table.fault('until', 'FORMULA_KEY_MISSING', 'has no max.', 'Say how often at most: max = 3.');
  if (count !== undefined) return { count };
  return until === undefined ? undefined : { until, max: max ?? 1 };
}

function readConvoy(table: Table, common: Common, faults: Faults): ConvoyFormula {
  const tables = partsOf(table, 'legs', 'Leg');
  const legs = tables.map((leg) => readLeg(leg, common.vars));
  checkNeeds('Leg', legs, tables, faults);
  const last = table.table('synthesis', 'The synthesis');
  const synthesis = last && readSynthesis(last, common.vars);
  if (last && legs.some(({ id }) => id === 'synthesis'))
    conflict(last, '', 'has the name of a leg', 'Call that leg something else.');
  return { ...common, type: 'convoy', legs, ...(synthesis === undefined ? {} : { synthesis }) };
}

function readLeg(table: Table, vars: readonly Variable[]): Leg {
  const basics = readBasics(table, vars);
  const formula = table.text('formula', { ...idRule, pattern: formulaNamePattern });
  table.close();
  return { ...basics, ...(formula === undefined ? {} : { formula }) };
}

/** It has no id and no needs of its own: it comes after all legs. */
function readSynthesis(table: Table, vars: readonly Variable[]): Leg {
  const title = table.needText('title', titleRule);
  const description = table.text('description', proseRule) ?? '';
  const acceptance = table.texts('acceptance', acceptanceRule);
  const formula = table.text('formula', { ...idRule, pattern: formulaNamePattern });
  table.close();
  for (const [key, text] of [
    ['title', title],
    ['description', description],
    ['acceptance', acceptance.join('\n')],
  ] as const)
    checkReferences(table, key, text, vars);
  return { id: 'synthesis', title, description, acceptance, needs: [], ...(formula === undefined ? {} : { formula }) };
}

function checkNeeds(kind: 'Step' | 'Leg', nodes: readonly Node[], tables: readonly Table[], faults: Faults): void {
  const ids = nodes.map(({ id }) => id);
  const nearest = suggester(ids);
  nodes.forEach(({ id, needs }, i) => {
    const table = tables[i];
    if (id !== '' && ids.indexOf(id) < i)
      table?.fault(
        'id',
        'STEP_DUPLICATE',
        `has the id of ${kind.toLowerCase()} ${ids.indexOf(id) + 1}.`,
        'Rename one.',
      );
    needs.forEach((need, j) => {
      if (needs.indexOf(need) < j) table?.fault('needs', 'NEED_DUPLICATE', `needs "${need}" twice.`, 'Name it once.');
      else if (need === id) table?.fault('needs', 'NEED_SELF', 'needs itself.', 'Take it out of its own needs.');
      else if (!ids.includes(need)) {
        const what = `needs "${clip(need)}", which is none of them.${didYouMean(nearest(need))}`;
        table?.fault('needs', 'NEED_UNKNOWN', what, `Name a ${kind.toLowerCase()} of this formula.`);
      }
    });
  });
  const { cycle } = orderOf(nodes.filter(({ id }, i) => ids.indexOf(id) === i).map(withoutSelf));
  if (cycle.length === 0) return;
  const around = [...cycle, cycle[0]].map((id) => `"${id}"`).join(' needs ');
  const at = tables[ids.indexOf(cycle[0] ?? '')]?.at('needs') ?? '';
  report(faults, at, 'STEPS_CYCLE', `None of these can be first: ${around}.`, 'Take one of these needs out.');
}

/** A step that needs itself has been named as such. */
const withoutSelf = ({ id, needs }: Node): Node => ({ id, needs: needs.filter((need) => need !== id) });
