import type { Command } from 'commander';
import { checklistOfPlan } from '../../core/formulas/checklist-of-plan.ts';
import type { Formula, Leg, Step, Variable } from '../../core/formulas/formula.ts';
import { planOfFormula } from '../../core/formulas/plan-of-formula.ts';
import { boundedMatch } from '../../local/bounded-match.ts';
import {
  builtIns,
  faultsOf,
  findFormula,
  fromFile,
  parsed,
  readFormula,
  refusalOf,
  repositoryFormulas,
} from './formula-files.ts';
import { read, submit } from './intents.ts';
import { type Printer, plain, short } from './print.ts';
import { Refusal } from './refusal.ts';
import { type GlobalFlags, printerFor, run } from './session.ts';

interface RunFlags {
  readonly rig: string;
  readonly var?: Readonly<Record<string, string>>;
  readonly title?: string;
  readonly file?: string;
  readonly review?: boolean;
  readonly watch?: boolean;
  readonly key?: string;
}

/** Formulas are files: only `run` needs a town. */
const offline =
  (work: (print: Printer, ...words: string[]) => void) =>
  (...given: unknown[]): void => {
    const command = given.at(-1) as Command;
    work(printerFor(command.optsWithGlobals<GlobalFlags>()), ...(given.slice(0, -2).flat() as string[]));
  };

export function formulaCommands(program: Command): void {
  const formula = program.command('formula').description('workflows that polecats follow');

  formula.command('list').description('the built-in ones, and those of this repository').action(offline(list));

  formula
    .command('show <formula>')
    .description('its variables and steps; a name, or a file')
    .action(
      offline((print, named = '') => {
        const found = findFormula(named);
        print.show(readFormula(found), (shown) => showFormula(print, shown));
      }),
    );

  formula
    .command('lint [files...]')
    .description('every fault, with its line; by default of all formulas of this repository')
    .action(offline(lint));

  formula
    .command('run <formula>')
    .description('hand in an intent that follows it')
    .requiredOption('--rig <rig>', 'the rig to change')
    .option('--var <name=value>', 'the value of a variable; once for each', collect)
    .option('--title <title>', 'what it is to do, in one line')
    .option('--file <file>', 'what it is to do, in full; - for standard input')
    .option('--review', 'plan only; launch it yourself with gt convoy launch')
    .option('--key <key>', 'idempotency key: the same key again is the same intent')
    .option('--watch', 'stay until the convoy has ended')
    .action(
      run<RunFlags>(async (session, { var: vars = {}, title, file, ...flags }, named = '') =>
        submit(session, flags, await checklistOf(named, { vars, title, file })),
      ),
    );
}

function collect(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new Refusal('USAGE', `"${text}" is no variable and value.`, 'Give --var name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** The intent that the town gets is a checklist like any other: nothing of a formula has to be known to the API. */
async function checklistOf(
  named: string,
  {
    vars,
    title,
    file,
  }: { vars: Readonly<Record<string, string>>; title: string | undefined; file: string | undefined },
): Promise<string> {
  if (title?.trim() === '')
    throw new Refusal('USAGE', 'The title is empty.', 'Say in one line what is to be done, or leave --title out.');
  const found = findFormula(named);
  const formula = readFormula(found);
  if (formula.type === 'workflow' && !found.reachable)
    throw new Refusal(
      'FORMULA_NOT_IN_RIG',
      `A polecat could not find ${found.label}.`,
      `Land it as .gastown/formulas/${formula.name}.toml of the rig's repository, then run ${formula.name}.`,
    );
  if (formula.type === 'convoy' && file !== undefined)
    throw new Refusal('USAGE', `${formula.name} has its own beads.`, 'Leave --file out, and use its variables.');
  const planned = planOfFormula(
    formula,
    {
      vars,
      ...(title === undefined ? {} : { title }),
      ...(file === undefined ? {} : { instructions: await read(file) }),
    },
    boundedMatch,
  );
  if ('faults' in planned) throw refusalOf('VARIABLES_REFUSED', planned.faults);
  return checklistOfPlan(planned.plan);
}

function list(print: Printer): void {
  const all = [
    ...builtIns().map((one) => ({ ...one, from: 'built-in' })),
    ...repositoryFormulas().map((one) => ({ ...one, from: one.label })),
  ].map(({ from, ...found }) => {
    const { label } = found;
    const read = parsed(found);
    if ('faults' in read) return { name: label, type: 'faulty', from, about: `gt formula lint ${label}` };
    const { name, type, description } = read.formula;
    return { name, type, from, about: short(description, 80) };
  });
  print.show({ formulas: all }, ({ formulas }) =>
    print.table(
      ['formula', 'type', 'from', 'about'],
      formulas.map(({ name, type, from, about }) => [name, type, from, about]),
    ),
  );
}

function lint(print: Printer, ...files: string[]): void {
  const found = files.length > 0 ? files.map(fromFile) : repositoryFormulas();
  if (found.length === 0)
    throw new Refusal('USAGE', 'There is no .gastown/formulas here.', 'Give the files: gt formula lint <files>.');
  const faults = found.flatMap(faultsOf);
  if (faults.length > 0) throw refusalOf('FORMULA_INVALID', faults);
  print.show({ formulas: found.map(({ label }) => label) }, ({ formulas }) =>
    print.line(`${formulas.join(', ')}: no fault.`),
  );
}

function showFormula(print: Printer, formula: Formula): void {
  const { name, type, version, description, vars } = formula;
  print.line(`${print.paint('bold', name)}  ${type}, version ${version}`);
  if (description.trim() !== '') print.line(plain(description.trim()));
  if (vars.length > 0) {
    print.line();
    print.table(
      ['variable', 'value', 'about'],
      vars.map((variable) => [variable.name, takes(variable), short(variable.description, 60)]),
    );
  }
  print.line();
  if (formula.type === 'workflow')
    print.table(
      ['step', 'needs', 'title', 'extras'],
      formula.steps.map((step) => [step.id, step.needs.join(', '), short(step.title, 50), extrasOf(step).join('; ')]),
    );
  else
    print.table(
      ['leg', 'needs', 'title', 'extras'],
      [...formula.legs, ...(formula.synthesis ? [{ ...formula.synthesis, needs: ['all legs'] }] : [])].map(
        (leg: Leg) => [
          leg.id,
          leg.needs.join(', '),
          short(leg.title, 50),
          leg.condition && `if ${plain(leg.condition)}`,
        ],
      ),
    );
}

function takes({ required, default: preset, enum: allowed, pattern }: Variable): string {
  const of = allowed ? `one of ${allowed.join(', ')}` : pattern === undefined ? '' : `like ${pattern}`;
  const otherwise = required ? 'required' : preset === undefined ? '' : `default ${JSON.stringify(preset)}`;
  return plain([otherwise, of].filter((text) => text !== '').join('; '));
}

function extrasOf({ check, gate, maxAttempts, condition, loop }: Step): string[] {
  return [
    ...(condition === undefined ? [] : [`if ${plain(condition)}`]),
    ...(gate === undefined ? [] : [`${gate.type} gate`]),
    ...(loop === undefined ? [] : ['count' in loop ? `${loop.count} times` : `until ${plain(loop.until)}`]),
    ...(check === undefined ? [] : [`check ${plain(check)}`]),
    ...(maxAttempts > 1 && loop === undefined ? [`up to ${maxAttempts} attempts`] : []),
  ];
}
