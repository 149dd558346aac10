import type { Command } from 'commander';
import { age, plain, short } from './print.ts';
import { part, run } from './session.ts';

interface EscalationView {
  readonly id: string;
  readonly severity: string;
  readonly status: string;
  readonly title: string;
  readonly body: string;
  readonly bead?: string;
  readonly openedAt: number;
  readonly times: number;
}

export function escalationCommands(program: Command): void {
  const escalations = program.command('escalations').description('what waits for a human');

  escalations
    .command('list')
    .description('open ones, oldest first')
    .action(
      run(async ({ town, print }) => {
        const answer = await town.get<{ escalations: EscalationView[] }>('escalations');
        print.show(answer, ({ escalations: open }) => {
          if (open.length === 0) return print.line('Nothing waits for you. How the town does: gt status');
          for (const one of open) {
            const seen = one.status === 'acknowledged' ? ', acknowledged' : '';
            print.line(
              `${print.paint('bold', one.id)}  ${print.status(one.severity)}  ${age(Date.now() - one.openedAt)}${seen}  ${short(one.title, 100)}`,
            );
            for (const line of plain(one.body).split('\n')) print.line(`    ${line}`);
          }
        });
      }),
    );

  const settle = (verb: 'ack' | 'close', about: string) =>
    escalations
      .command(`${verb} <id>`)
      .description(about)
      .action(
        run(async ({ town, print }, _, id = '') => {
          const answer = await town.post<EscalationView>(`escalations/${part(id)}/${verb}`);
          print.show(answer, (one) => print.line(`${one.id} is ${print.status(one.status)}.`));
        }),
      );
  settle('ack', 'you have seen it: it is not raised again');

  escalations
    .command('answer <id> <text...>')
    .description('answer a bead’s question: its next attempt gets the answer')
    .action(
      run(async ({ town, print }, _, id = '', words) => {
        const text = (words as unknown as string[]).join(' ');
        const answer = await town.post<EscalationView>(`escalations/${part(id)}/answer`, { body: { text } });
        print.show(answer, (one) =>
          print.line(`Answered. ${one.bead ?? 'Its bead'} goes on: gt why ${one.bead ?? one.id}`),
        );
      }),
    );

  settle('close', 'done with it');
}
