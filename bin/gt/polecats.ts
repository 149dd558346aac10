import type { Command } from 'commander';
import { age, plain, short } from './print.ts';
import { part, run } from './session.ts';

interface PolecatView {
  readonly name: string;
  readonly rig: string;
  readonly bead: string;
  readonly attempt: number;
  readonly state: string;
  readonly step: string;
  readonly hookedAt: number;
  readonly beatAt?: number;
  readonly costUsd: number;
}

export function polecatCommands(program: Command): void {
  const polecat = program.command('polecat').description('the workers: one bead, one branch, then gone');

  polecat
    .command('list')
    .description('who is at work')
    .action(
      run(async ({ town, print }) => {
        const answer = await town.get<{ polecats: PolecatView[] }>('polecats');
        print.show(answer, ({ polecats }) => {
          if (polecats.length === 0) return print.line('Nobody is at work. What is ready: gt bead ready --rig <rig>');
          print.table(
            ['name', 'state', 'bead', 'attempt', 'rig', 'age', 'heard', 'cost', 'step'],
            polecats.map((one) => [
              print.paint('bold', one.name),
              print.status(one.state),
              one.bead,
              String(one.attempt),
              one.rig,
              age(Date.now() - one.hookedAt),
              one.beatAt === undefined ? 'not yet' : age(Date.now() - one.beatAt),
              `$${one.costUsd.toFixed(2)}`,
              short(one.step, 50),
            ]),
          );
        });
      }),
    );

  polecat
    .command('nudge <name> <text...>')
    .description('say something to its agent')
    .action(
      run(async ({ town, print }, _, name = '', words) => {
        const text = (words as unknown as string[]).join(' ');
        const answer = await town.post<PolecatView>(`polecats/${part(name)}/nudge`, { body: { text } });
        print.show(answer, (one) => print.line(`${one.name} hears it with its next heartbeat.`));
      }),
    );

  polecat
    .command('nuke <name>')
    .description('end it now; its branch is kept, its bead goes on')
    .action(
      run(async ({ town, print }, _, name = '') => {
        const answer = await town.post<{ nuked: string }>(`polecats/${part(name)}/nuke`);
        print.show(answer, (one) => print.line(`${one.nuked} is gone. Its bead goes on from the last pushed commit.`));
      }),
    );

  polecat
    .command('log <name>')
    .description('what its agent has printed')
    .action(
      run(async ({ town, print }, _, name = '') => {
        const answer = await town.get<{ text: string }>(`polecats/${part(name)}/log`);
        print.show(answer, ({ text }) =>
          print.line(text === '' ? `${name} has printed nothing yet.` : plain(text).trimEnd()),
        );
      }),
    );
}
