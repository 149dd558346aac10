import type { Command } from 'commander';
import { parseBeadId } from '../../core/keys.ts';
import type { BeadView } from './convoys.ts';
import { plain } from './print.ts';
import { type ChangeView, type QueueView, showChange, showFigures, showLine } from './queue-print.ts';
import { Refusal } from './refusal.ts';
import { part, run, type Session } from './session.ts';

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
          for (const queue of queues) showLine({ print }, queue);
        });
      }),
    );

  mq.command('status <rig>')
    .description('what is tested on what, what is under suspicion, what the queue has learned, and what holds it up')
    .option(...targetFlag)
    .action(
      run<{ target?: string }>(async ({ town, print }, { target }, rig = '') => {
        // Who follows a bead wants its change, not a refusal.
        if (parseBeadId(rig)) return whyChange({ town, print }, rig);
        const queue = await town.get<QueueView>(`rigs/${part(rig)}/queue`, { target });
        print.show(queue, () => showFigures({ print }, queue));
      }),
    );

  mq.command('why <bead>')
    .description('one change: what was tested with it, what failed, is it to blame, what happens next')
    .action(run(async (session, _, bead = '') => whyChange(session, bead)));

  mq.command('log <bead>')
    .description('what the gates printed in the newest run that speaks against a change')
    .action(
      run(async ({ town, print }, _, bead = '') => {
        const { evidence, state } = await town.get<ChangeView>(`beads/${part(bead)}/merge-request`);
        if (evidence === undefined)
          throw new Refusal(
            'EVIDENCE_NONE',
            `No run speaks against ${bead}: it is ${state}.`,
            `See gt mq why ${bead}.`,
          );
        const blob = await town.get<{ hash: string; text: string }>(`blobs/${part(evidence)}`);
        print.show(blob, ({ text }) => print.line(plain(text).trimEnd()));
      }),
    );

  mq.command('retry <bead>')
    .description('put a waiting change forward: nothing held against it, and let go if it waits for a human')
    .action(
      run(async ({ town, print }, _, bead = '') => {
        const answer = await town.post<BeadView>(`beads/${part(bead)}/merge-request/retry`);
        print.show(answer, (one) => print.line(`${one.id} is put forward. Follow it: gt mq why ${one.id}`));
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
          print.line(
            `${queue.rig} ${queue.target} is ${print.status('paused')}. Go on: gt mq resume ${queue.rig} --target ${queue.target}`,
          ),
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

async function whyChange({ town, print }: Session, bead: string): Promise<void> {
  const change = await town.get<ChangeView>(`beads/${part(bead)}/merge-request`);
  print.show(change, () => showChange({ print }, change));
}
