import type { Command } from 'commander';
import type { MoleculeView, StepView } from '../../core/molecules/view.ts';
import { didYouMean, suggester } from '../../core/nearest.ts';
import { age, clock, type Printer, plain, short } from './print.ts';
import { Refusal } from './refusal.ts';
import { part, run, type Session } from './session.ts';

export function moleculeCommands(program: Command): void {
  const molecule = program.command('mol').description('the steps of a bead');

  molecule
    .command('status <bead>')
    .description('where each step is, who did it, and why it waits')
    .action(
      run(async (session, _, id = '') => {
        session.print.show(await moleculeOf(session, id), (view) => showStatus(session.print, view));
      }),
    );

  molecule
    .command('dag <bead>')
    .description('which step needs which')
    .action(
      run(async (session, _, id = '') => {
        const { steps, ...view } = await moleculeOf(session, id);
        const edges = steps.flatMap((step) => step.needs.map((need) => ({ from: need, to: step.id })));
        const nodes = steps.map(({ id: step, title, state }) => ({ id: step, title, state }));
        session.print.show({ ...view, nodes, edges }, () => showGraph(session.print, { ...view, steps }));
      }),
    );

  molecule
    .command('step <bead> <step>')
    .description('one step in full')
    .action(
      run(async (session, _, id = '', named = '') => {
        const { steps } = await moleculeOf(session, id);
        const step = steps.find((one) => one.id === named);
        if (!step) throw unknownStep(id, named, steps);
        session.print.show(step, () => showStep(session.print, step));
      }),
    );
}

const moleculeOf = ({ town }: Session, id: string): Promise<MoleculeView> =>
  town.get<MoleculeView>(`beads/${part(id)}/molecule`);

function unknownStep(id: string, named: string, steps: readonly StepView[]): Refusal {
  const near = didYouMean(suggester(steps.map((step) => step.id))(named));
  return new Refusal('STEP_UNKNOWN', `${id} has no step "${named}".${near}`, `See gt mol status ${id}.`);
}

function head(print: Printer, { bead, title, status, formula }: Omit<MoleculeView, 'steps'>): void {
  print.line(`${print.paint('bold', bead)}  ${print.status(status)}  ${plain(title)}  (${formula})`);
}

function showStatus(print: Printer, view: MoleculeView): void {
  head(print, view);
  if (view.gate) print.line(`It waits at a ${view.gate.type} gate: ${plain(view.gate.note)}`);
  if (view.steps.length === 0) {
    print.line('No step was recorded: nobody has begun it, or it is a script, which is one step.');
    return;
  }
  print.line();
  print.table(
    ['step', 'state', 'by', 'tries', 'at', 'took', 'why'],
    view.steps.map((step) => [
      step.id,
      print.status(step.state),
      step.polecat && `${step.polecat}@${step.attempt}`,
      step.tries ? String(step.tries) : undefined,
      step.startedAt === undefined ? undefined : clock(step.startedAt),
      step.startedAt === undefined || step.endedAt === undefined ? undefined : age(step.endedAt - step.startedAt),
      short(step.detail ?? '', 60),
    ]),
  );
}

function showGraph(print: Printer, view: MoleculeView): void {
  head(print, view);
  for (const { id, needs, state } of view.steps) {
    const after = needs.length === 0 ? '' : `  <- ${needs.join(', ')}`;
    print.line(`  ${id} ${print.status(state)}${after}`);
  }
}

function showStep(print: Printer, step: StepView): void {
  print.line(`${print.paint('bold', step.id)}  ${print.status(step.state)}  ${plain(step.title)}`);
  if (step.needs.length > 0) print.line(`needs ${step.needs.join(', ')}`);
  if (step.gate) print.line(`gate: ${step.gate}`);
  if (step.check) print.line(`check: ${plain(step.check)}`);
  if (step.polecat) print.line(`by ${step.polecat}, attempt ${step.attempt}, ${step.tries} tries`);
  if (step.head) print.line(`left ${step.head}`);
  if (step.detail) print.line(plain(step.detail));
}
