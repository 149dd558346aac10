import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type LandingReport, modelLine } from '../../core/convoys/report.ts';
import { sumUsd } from '../../core/costs/rounded.ts';
import { counted } from '../../core/feed/words.ts';
import { fromHere } from './here.ts';
import { age, indented, plain, short, usd } from './print.ts';
import { placed, Refusal } from './refusal.ts';
import { atMost500, part, run, type Session } from './session.ts';

export interface ConvoyView {
  readonly id: string;
  readonly title: string;
  readonly rig: string;
  readonly status: string;
  readonly progress: { readonly total: number; readonly landed: number; readonly failed: number };
  readonly stalledBecause?: string;
  readonly modelTrouble?: string;
  /** Part of a convoy's `costUsd`. */
  readonly mayorUsd?: number;
  readonly faults?: Refusal['faults'];
  readonly createdAt: number;
}

export interface BeadView {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly rig: string;
  readonly convoy: string;
  readonly target: string;
  readonly status: string;
  readonly attempt: number;
  readonly polecat?: string;
  readonly needs: readonly string[];
  readonly landsConvoy?: true;
  readonly blockedBy: readonly string[];
  readonly closedReason?: string;
  readonly commit?: string;
  readonly costUsd: number;
  readonly budgetUsd: number;
  /** Where the answer tells it: what its attempt at work has told so far. */
  readonly runningUsd?: number;
}

export type ConvoyDetail = ConvoyView & {
  readonly beads: readonly BeadView[];
  readonly costUsd: number;
  readonly runningUsd: number;
  readonly report?: LandingReport;
};

export function convoyCommands(program: Command): void {
  const convoy = program.command('convoy').description('the batches of beads that intents became');

  convoy
    .command('list')
    .description('convoys, newest first')
    .option('--limit <n>', 'at most so many, up to 500', atMost500, 20)
    .action(
      run<{ limit: number }>(async ({ town, print }, flags) => {
        const answer = await town.get<{ convoys: ConvoyView[] }>('convoys', { limit: flags.limit });
        print.show(answer, ({ convoys }) => {
          if (convoys.length === 0)
            return print.line('No convoys yet. Hand in an intent: gt submit <file> --rig <rig>');
          print.table(
            ['id', 'status', 'landed', 'rig', 'age', 'title'],
            convoys.map((one) => [
              print.paint('bold', one.id),
              print.status(one.status),
              `${one.progress.landed}/${one.progress.total}`,
              one.rig,
              age(Date.now() - one.createdAt),
              short(one.title, 60),
            ]),
          );
        });
      }),
    );

  convoy
    .command('show <id>')
    .description('a convoy and its beads')
    .action(
      run(async ({ town, print }, _, id = '') => {
        print.show(await town.get<ConvoyDetail>(`convoys/${part(id)}`), (detail) => showConvoy({ print }, detail));
      }),
    );

  reviewCommands(convoy);

  for (const [verb, about] of [
    ['launch', 'approve a staged convoy'],
    ['cancel', 'cancel what has not landed'],
    ['retry', 'send its failed beads round again'],
  ] as const) {
    convoy
      .command(`${verb} <id>`)
      .description(about)
      .action(
        run(async ({ town, print }, _, id = '') => {
          const answer = await town.post<ConvoyView>(`convoys/${part(id)}/${verb}`);
          print.show(answer, (one) => print.line(`Convoy ${one.id} is ${print.status(one.status)}.`));
        }),
      );
  }
}

interface PlanView {
  readonly title?: string;
  readonly beads?: readonly {
    readonly name?: string;
    readonly title?: string;
    readonly needs?: readonly unknown[];
    readonly files?: readonly string[];
    readonly instructions?: string;
    readonly script?: string;
    readonly formula?: string;
    readonly vars?: Readonly<Record<string, string>>;
    readonly acceptance?: readonly unknown[];
  }[];
}

/** What a human does with a plan that waits for approval, besides launching it. */
function reviewCommands(convoy: Command): void {
  convoy
    .command('plan <id>')
    .description('its plan; with --json as gt convoy edit takes it')
    .action(
      run(async ({ town, print }, _, id = '') => {
        print.show(await town.get<PlanView>(`convoys/${part(id)}/plan`), (plan) => showPlan({ print }, plan));
      }),
    );

  const told = (verb: string, { print }: Session, one: ConvoyView): void =>
    print.show(one, () => print.line(`The plan of ${one.id} was ${verb}; look: gt convoy show ${one.id}`));

  convoy
    .command('edit <id>')
    .description('take another plan instead of the one that waits for approval')
    .requiredOption('--file <plan.json>', 'as gt convoy plan <id> --json prints it')
    .action(
      run<{ file: string }>(async (session, { file }, id = '') => {
        const body = await planIn(file);
        told('changed', session, await session.town.put<ConvoyView>(`convoys/${part(id)}/plan`, { body }));
      }),
    );

  convoy
    .command('reject <id>')
    .description('send a model’s plan back: another is made')
    .requiredOption('--because <comment>', 'what it should be instead')
    .action(
      run<{ because: string }>(async (session, { because }, id = '') => {
        const body = { comment: because };
        told('sent back', session, await session.town.post<ConvoyView>(`convoys/${part(id)}/reject`, { body }));
      }),
    );
}

async function planIn(file: string): Promise<object> {
  const unreadable = (what: string) =>
    new Refusal('PLAN_UNREADABLE', what, 'Write one as gt convoy plan <id> --json prints it.');
  const text = await readFile(fromHere(file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(`${file} cannot be read (${error.code}).`);
  });
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    throw unreadable(`${file} is no JSON: ${whereIn(text, (error as Error).message)}.`);
  }
}

/** The parser says where as a position, or not at all. */
function whereIn(text: string, message: string): string {
  const [all = '', position] = /(?: in JSON)? at position (\d+).*$/.exec(message) ?? [];
  if (position === undefined) return message;
  const before = text.slice(0, Number(position)).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${message.slice(0, -all.length)}`;
}

function showPlan({ print }: Pick<Session, 'print'>, { title = '', beads = [] }: PlanView): void {
  print.line(print.paint('bold', plain(title)));
  for (const bead of beads) {
    const needs = (bead.needs ?? []).map((need) => (typeof need === 'string' ? need : JSON.stringify(need)));
    print.line();
    print.line(`${print.paint('bold', plain(bead.name ?? ''))}: ${plain(bead.title ?? '')}`);
    if (needs.length > 0) print.line(`  needs ${plain(needs.join(', '))}`);
    if (bead.files?.length) print.line(`  touches ${plain(bead.files.join(', '))}`);
    for (const line of (bead.instructions ?? '').split('\n')) if (line !== '') print.line(`  ${plain(line)}`);
    for (const one of bead.acceptance ?? [])
      print.line(`  done means: ${plain(typeof one === 'string' ? one : JSON.stringify(one))}`);
    if (bead.formula !== undefined) print.line(`  follows the formula ${plain(bead.formula)}`);
    for (const [name, value] of Object.entries(bead.vars ?? {}))
      print.line(`  with ${plain(name)} = ${plain(value).replaceAll('\n', '\n    ')}`);
    if (bead.script !== undefined) print.line(`  runs the script\n${indented(bead.script, 4)}`);
  }
}

export function showConvoy({ print }: Pick<Session, 'print'>, convoy: ConvoyDetail): void {
  const { landed, total } = convoy.progress;
  print.line(
    `${print.paint('bold', convoy.id)}  ${print.status(convoy.status)}  ${landed}/${total} landed  ${short(convoy.title, 80)}`,
  );
  if (convoy.faults !== undefined) print.line('The plan was refused. Mend the intent and submit it again.');
  else if (convoy.stalledBecause !== undefined) print.line(plain(convoy.stalledBecause));
  else if (convoy.modelTrouble !== undefined) print.line(`The model brought no plan: ${plain(convoy.modelTrouble)}`);
  for (const fault of convoy.faults ?? []) print.line(`  ${plain(placed(fault))} ${plain(fault.remedy)}`);
  if (convoy.beads.length > 0) print.line();
  beadTable({ print }, convoy.beads);
  const spending = spendingOf(convoy, sumUsd(convoy.beads.map((bead) => bead.budgetUsd)));
  if (spending !== undefined || convoy.report) print.line();
  if (spending !== undefined) print.line(spending);
  if (convoy.report) showReport({ print }, convoy.report);
}

/** What models have cost, and what of it may still grow; nothing where none is used. */
export function spendingOf(
  { costUsd, runningUsd = 0, mayorUsd = 0 }: Pick<BeadView, 'costUsd' | 'runningUsd'> & Pick<ConvoyView, 'mayorUsd'>,
  budgetUsd: number,
): string | undefined {
  const spent = sumUsd([costUsd, runningUsd]);
  if (spent === 0 && budgetUsd === 0) return undefined;
  const of = budgetUsd > 0 ? ` of a budget of ${usd(budgetUsd)}` : '';
  const running = runningUsd > 0 ? `, ${usd(runningUsd)} of it by what is at work` : '';
  const mayor = mayorUsd > 0 ? `, ${usd(mayorUsd)} of it by the Mayor` : '';
  return `Models: ${usd(spent)}${of}${running}${mayor}.`;
}

/** The table has its commits. */
function showReport({ print }: Pick<Session, 'print'>, report: LandingReport): void {
  const { commits, attempts, lookAt, landedBeadUsd = 0 } = report;
  const each = landedBeadUsd > 0 ? `, ${usd(landedBeadUsd)} a landed bead` : '';
  print.line(`${counted(commits.length, 'commit')} in ${counted(attempts, 'attempt')}${each}.${modelLine(report)}`);
  if (lookAt.length > 0) print.line('\nWorth a look:');
  for (const line of lookAt) print.line(`- ${plain(line)}`);
}

/** The record says that it is closed; a person wants to know whether its change is in. */
export const wordFor = (bead: Pick<BeadView, 'status' | 'closedReason'>): string =>
  bead.status === 'closed' && bead.closedReason === 'merged' ? 'landed' : bead.status;

/** Of a convoy that lands as one, what is on its own branch is not in yet: its last bead brings it. */
function nowOf(bead: BeadView, beads: readonly BeadView[]): string {
  if (bead.commit !== undefined) {
    const waits = beads.some((one) => one.landsConvoy && one.convoy === bead.convoy && one.commit === undefined);
    return `${waits ? `on ${bead.target}` : 'in'} as ${bead.commit.slice(0, 10)}`;
  }
  if (bead.status === 'closed') return (bead.closedReason ?? '').replace('_', ' ');
  if (bead.status !== 'open' || bead.blockedBy.length === 0) return '';
  return `waits for ${bead.blockedBy.map((need) => need.split('-').at(-1)).join(', ')}`;
}

export function beadTable({ print }: Pick<Session, 'print'>, beads: readonly BeadView[]): void {
  if (beads.length === 0) return;
  const spent = (one: BeadView): number => sumUsd([one.costUsd, one.runningUsd ?? 0]);
  const money = beads.some((one) => spent(one) > 0);
  print.table(
    ['bead', 'status', 'attempts', ...(money ? ['models'] : []), 'polecat', 'name', 'title', 'now'],
    beads.map((one) => [
      print.paint('bold', one.id),
      print.status(wordFor(one)),
      one.attempt === 0 ? '' : String(one.attempt),
      ...(money ? [spent(one) > 0 ? usd(spent(one)) : ''] : []),
      one.polecat,
      one.name,
      short(one.title, 50),
      nowOf(one, beads),
    ]),
  );
}
