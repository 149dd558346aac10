import type { Command } from 'commander';
import { type BeadView, beadTable, spendingOf, wordFor } from './convoys.ts';
import { clock, indented, plain } from './print.ts';
import { Refusal } from './refusal.ts';
import { part, run } from './session.ts';

interface BeadDetail extends BeadView {
  readonly convoy: string;
  readonly branch?: string;
  readonly spec: { readonly instructions: string; readonly acceptance: readonly string[]; readonly script?: string };
  readonly notes: readonly {
    readonly attempt: number;
    readonly polecat: string;
    readonly cause: string;
    readonly detail: string;
  }[];
  readonly partOf?: string;
  readonly triage?: {
    readonly decisions: readonly { readonly verdict: string; readonly why: string; readonly attempt: number }[];
  };
  readonly history: readonly {
    readonly at: number;
    readonly who: string;
    readonly kind: string;
    readonly text: string;
  }[];
}

export function beadCommands(program: Command): void {
  const bead = program.command('bead').description('units of work');

  bead
    .command('list')
    .description('beads of a convoy, or those of a rig that have not ended')
    .option('--rig <rig>')
    .option('--convoy <id>')
    .action(
      run<{ rig?: string; convoy?: string }>(async ({ town, print }, { rig, convoy }) => {
        if (rig === undefined && convoy === undefined) {
          throw new Refusal('USAGE', 'Beads of what?', 'Give --rig <rig> or --convoy <id>.');
        }
        const answer = await town.get<{ beads: BeadView[] }>('beads', { rig, convoy });
        print.show(answer, ({ beads }) => {
          if (beads.length === 0) return print.line('No beads. Hand in an intent: gt submit <file> --rig <rig>');
          beadTable({ print }, beads);
        });
      }),
    );

  bead
    .command('ready')
    .description('beads that stand in line for a polecat, first come first')
    .requiredOption('--rig <rig>')
    .action(
      run<{ rig: string }>(async ({ town, print }, { rig }) => {
        const answer = await town.get<{ beads: BeadView[] }>('beads', { rig, ready: 'true' });
        print.show(answer, ({ beads }) => {
          if (beads.length === 0)
            return print.line(`Nothing stands in line in ${rig}. What is under way: gt bead list --rig ${rig}`);
          beadTable({ print }, beads);
        });
      }),
    );

  bead
    .command('show <id>')
    .description('a bead, what it asks for, and what became of it')
    .action(
      run(async ({ town, print }, _, id = '') => {
        print.show(await town.get<BeadDetail>(`beads/${part(id)}`), (detail) => {
          print.line(`${print.paint('bold', detail.id)}  ${print.status(wordFor(detail))}  ${plain(detail.title)}`);
          print.line(
            `convoy ${detail.convoy}, attempt ${detail.attempt}${detail.branch ? `, on ${detail.branch}` : ''}${detail.commit ? `, landed as ${detail.commit.slice(0, 10)}` : ''}`,
          );
          const spending = spendingOf(detail, detail.budgetUsd);
          if (spending !== undefined) print.line(spending);
          if (detail.needs.length > 0) print.line(`needs ${detail.needs.join(', ')}`);
          if (detail.partOf !== undefined) print.line(`part of ${detail.partOf}`);
          for (const { verdict, why, attempt } of detail.triage?.decisions ?? [])
            print.line(`triage after attempt ${attempt}: ${verdict}: ${plain(why)}`);
          print.line();
          const { instructions, acceptance, script } = detail.spec;
          if (instructions) print.line(`Instructions:\n${indented(instructions, 2)}`);
          if (acceptance.length > 0) print.line('Done means:');
          for (const wanted of acceptance) print.line(`  - ${plain(wanted)}`);
          if (script) print.line(`Script:\n${print.paint('dim', indented(script, 2))}`);
          if (detail.history.length > 0) print.line('\nHistory:');
          for (const event of detail.history) {
            print.line(`  ${print.paint('dim', clock(event.at))}  ${event.who}  ${plain(event.text)}`);
          }
        });
      }),
    );

  bead
    .command('close <id>')
    .description('close it by hand; what needs it starts only on merged work')
    .requiredOption('--note <note>', 'why')
    .option('--reason <reason>', 'superseded or failed', 'superseded')
    .action(
      run<{ note: string; reason: string }>(async ({ town, print }, flags, id = '') => {
        const body = { reason: flags.reason, note: flags.note };
        const answer = await town.post<BeadView>(`beads/${part(id)}/close`, { body });
        print.show(answer, (one) => print.line(`${one.id} is ${print.status(wordFor(one))}.`));
      }),
    );

  program
    .command('sling <bead>')
    .description('give it to a polecat now: ends a rest, retries a failed bead')
    .option('--budget <dollars>', 'what all its attempts together may cost from now on')
    .action(
      run<{ budget?: string }>(async ({ town, print }, { budget }, id = '') => {
        const answer = await town.post<BeadView>(`beads/${part(id)}/sling`, { query: { budgetUsd: budget } });
        print.show(answer, (one) =>
          print.line(`${one.id} is ${print.status(one.status)}. Follow it: gt why ${one.id}`),
        );
      }),
    );
}
