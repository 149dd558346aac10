import type { Command } from 'commander';
import type { BeadView } from './convoys.ts';
import { age, short } from './print.ts';
import { part, run, type Session } from './session.ts';
import { showReasons } from './town.ts';

interface QueueView {
  readonly rig: string;
  readonly target: string;
  readonly paused?: { readonly by: string; readonly because: string };
  readonly landedCount: number;
  readonly open: readonly MergeRequestView[];
  readonly ended: readonly MergeRequestView[];
}

interface MergeRequestView {
  readonly bead: string;
  readonly state: string;
  readonly because: string;
  readonly title: string;
  readonly submittedAt: number;
}

/** What landed last, above what waits. */
const endedShown = 5;
const targetFlag = ['--target <branch>', 'default: the branch that the rig lands on'] as const;

export function queueCommands(program: Command): void {
  const mq = program.command('mq').description('merge queues');

  mq.command('list [rig]')
    .description('what waits to land, in every rig or in one')
    .option(...targetFlag)
    .action(
      run<{ target?: string }>(async ({ town, print }, { target }, rig) => {
        const rigs = rig === undefined ? await rigNames({ town, print }) : [rig];
        const queues = await Promise.all(
          rigs.map((name) => town.get<QueueView>(`rigs/${part(name)}/queue`, { target })),
        );
        print.show(queues, () => {
          if (queues.length === 0) print.line('No rigs yet. Add one: gt rig add <name> <url or path>');
          for (const queue of queues) showQueue({ print }, queue);
        });
      }),
    );

  mq.command('status <id>')
    .description('where a bead’s change stands, or what the queues of a rig wait for, and why')
    .action(run(async ({ town, print }, _, id = '') => showReasons({ town, print }, id)));

  mq.command('retry <bead>')
    .description('put a rejected change back into the queue')
    .action(
      run(async ({ town, print }, _, bead = '') => {
        const answer = await town.post<BeadView>(`beads/${part(bead)}/merge-request/retry`);
        print.show(answer, (one) =>
          print.line(`${one.id} is ${print.status(one.status)}. Follow it: gt mq status ${one.id}`),
        );
      }),
    );

  mq.command('reject <bead>')
    .description('take a change out of the queue')
    .option('--because <why>', 'what its author should know', 'no reason given')
    .action(
      run<{ because: string }>(async ({ town, print }, { because }, bead = '') => {
        const answer = await town.post<BeadView>(`beads/${part(bead)}/merge-request/reject`, { body: { because } });
        print.show(answer, (one) => print.line(`${one.id} is ${print.status(one.status)}.`));
      }),
    );

  mq.command('pause <rig>')
    .description('land nothing until resumed')
    .option('--because <why>', 'for those who find it paused', 'paused by hand')
    .option(...targetFlag)
    .action(
      run<{ because: string; target?: string }>(async ({ town, print }, { because, target }, rig = '') => {
        const answer = await town.post<QueueView>(`rigs/${part(rig)}/queue/pause`, {
          query: { target },
          body: { because },
        });
        print.show(answer, (queue) =>
          print.line(`${queue.rig} ${queue.target} is ${print.status('paused')}. Go on: gt mq resume ${queue.rig}`),
        );
      }),
    );

  mq.command('resume <rig>')
    .description('land again')
    .option(...targetFlag)
    .action(
      run<{ target?: string }>(async ({ town, print }, { target }, rig = '') => {
        const answer = await town.post<QueueView>(`rigs/${part(rig)}/queue/resume`, { query: { target } });
        print.show(answer, (queue) => print.line(`${queue.rig} ${queue.target} lands again.`));
      }),
    );
}

const rigNames = async ({ town }: Session): Promise<string[]> =>
  (await town.get<{ rigs: { name: string }[] }>('rigs')).rigs.map((rig) => rig.name);

function showQueue({ print }: Pick<Session, 'print'>, queue: QueueView): void {
  const state = queue.paused
    ? `${print.status('paused')} by ${queue.paused.by}: ${queue.paused.because}`
    : `${queue.landedCount} landed`;
  print.line(`${print.paint('bold', queue.rig)} → ${queue.target}  ${state}`);
  const requests = [...queue.ended.slice(0, endedShown).reverse(), ...queue.open];
  if (requests.length === 0) {
    print.line('  Nothing waits. Beads come here when their polecats are done: gt bead list');
    return;
  }
  print.table(
    ['  bead', 'state', 'age', 'title', 'because'],
    requests.map((one) => [
      `  ${one.bead}`,
      print.status(one.state),
      age(Date.now() - one.submittedAt),
      short(one.title, 40),
      short(one.because, 80),
    ]),
  );
}
