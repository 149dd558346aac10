import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { age, clock, plain, short } from './print.ts';
import { atMost500, part, run, type Session } from './session.ts';

interface EventView {
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly who: string;
  readonly text: string;
  readonly bead?: string;
  readonly convoy?: string;
  readonly rig?: string;
}

interface Reason {
  readonly about: string;
  readonly status: string;
  readonly because: string;
  readonly since?: number;
  readonly evidence?: string;
  readonly todo?: string;
}

interface Trace {
  readonly query?: string;
  readonly command: string;
}

export interface StatusView {
  readonly now: number;
  readonly estop?: { readonly by: string; readonly because: string; readonly at: number };
  readonly breakerOpen: boolean;
  readonly polecats: {
    readonly alive: number;
    readonly max: number;
    readonly fargate?: { readonly vcpusEach: number; readonly spot: boolean };
  };
  readonly convoys: Readonly<Record<string, number>>;
  readonly escalations: Readonly<Record<string, number>>;
  readonly costs: { readonly todayUsd: number };
  readonly rigs: readonly {
    readonly name: string;
    readonly inLine: number;
    readonly queues: readonly { readonly target: string; readonly landed: number; readonly paused: boolean }[];
  }[];
}

const pollEveryMs = 500;
/** Commits that race may show up a little late, before events already seen: the last seconds are read again. */
const overlapMs = 10_000;

export function townCommands(program: Command): void {
  program
    .command('feed')
    .description('what happened, oldest first')
    .option('--limit <n>', 'at most so many, up to 500', atMost500, 50)
    .option('--since <event>', 'only after this event')
    .option('--follow', 'stay, and print what happens')
    .action(
      run<{ limit: number; since?: string; follow?: boolean }>(async ({ town, print }, flags) => {
        const { events } = await town.get<{ events: EventView[] }>('feed', { limit: flags.limit, since: flags.since });
        if (!flags.follow) {
          print.show({ events }, () => {
            if (events.length === 0)
              print.line('Nothing has happened yet. Hand in an intent: gt submit <file> --rig <rig>');
            for (const event of events) tell({ print }, event);
          });
          return;
        }
        for (const event of events) tell({ print }, event);
        await follow({ town, print }, events);
      }),
    );

  program
    .command('why <id>')
    .description('why a bead, convoy, rig, polecat, escalation or candidate is as it is')
    .action(run(async (session, _, id = '') => showReasons(session, id)));

  program
    .command('status')
    .description('the town in figures')
    .action(
      run(async ({ town, print }) =>
        print.show(await town.get<StatusView>('status'), (status) => showStatus({ print }, status)),
      ),
    );

  program
    .command('estop [why...]')
    .description('stop the town: nothing starts, nothing lands')
    .option('--because <why>', 'for those who find it stopped (default: stopped by hand)')
    .action(
      run<{ because?: string }>(async ({ town, print }, flags, ...words) => {
        const because = flags.because ?? (words.flat().join(' ') || 'stopped by hand');
        const answer = await town.post<{ stopped: boolean }>('estop', { body: { because } });
        print.show(answer, () => print.line('The town is stopped; polecats at work finish. Go on: gt thaw'));
      }),
    );

  program
    .command('thaw')
    .description('start the town again')
    .action(
      run(async ({ town, print }) => {
        const answer = await town.post<{ stopped: boolean }>('thaw');
        print.show(answer, () => print.line('The town goes on.'));
      }),
    );
}

/** One event a line: words for people, a JSON object for programs. */
function tell({ print }: Pick<Session, 'print'>, event: EventView): void {
  if (print.json) {
    print.line(JSON.stringify(event));
    return;
  }
  const about = event.bead ?? event.convoy ?? event.rig ?? '';
  print.line(
    `${print.paint('dim', clock(event.at))}  ${event.kind.padEnd(22)}  ${print.paint('bold', about)}  ${short(event.text, 160)}`,
  );
}

async function follow({ town, print }: Session, told: readonly EventView[]): Promise<never> {
  const seen = new Set(told.map((event) => event.id));
  let recent = [...told];
  for (;;) {
    await sleep(pollEveryMs);
    const newest = recent.at(-1)?.at ?? 0;
    const since = recent.findLast((event) => event.at < newest - overlapMs)?.id ?? undefined;
    const { events } = await town.get<{ events: EventView[] }>('feed', { limit: 500, since });
    const fresh = events.filter((event) => !seen.has(event.id));
    for (const event of fresh) {
      seen.add(event.id);
      tell({ print }, event);
    }
    recent = [...recent, ...fresh].slice(-1000);
  }
}

async function showReasons({ town, print }: Session, id: string): Promise<void> {
  const answer = await town.get<{ reasons: Reason[]; trace?: Trace }>(`why/${part(id)}`);
  print.show(answer, ({ reasons, trace }) => {
    for (const [i, reason] of reasons.entries()) {
      const since = reason.since === undefined ? '' : print.paint('dim', ` for ${age(Date.now() - reason.since)}`);
      print.line(
        `${i === 0 ? '' : '  '}${print.paint('bold', reason.about)} is ${print.status(reason.status)}${since}: ${plain(reason.because)}`,
      );
      if (reason.evidence !== undefined)
        print.line(`    ${print.paint('dim', `evidence: /v1/blobs/${reason.evidence}`)}`);
      if (reason.todo !== undefined) print.line(`    → ${reason.todo}`);
    }
    if (!trace) return;
    print.line();
    print.line('Its lines in the log:');
    if (trace.query !== undefined) print.line(`  Logs Insights: ${trace.query}`);
    print.line(`  ${trace.command}`);
  });
}

function showStatus({ print }: Pick<Session, 'print'>, status: StatusView): void {
  if (status.estop) {
    print.line(
      `${print.status('stopped')} by ${status.estop.by} ${age(status.now - status.estop.at)} ago: ${plain(status.estop.because)}. Go on: gt thaw`,
    );
  }
  if (status.breakerOpen)
    print.line(
      `${print.status('stopped')} by the breaker: too many failures. Look: gt escalations list; go on: gt thaw`,
    );
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .filter(([, count]) => count > 0)
      .map(([word, count]) => `${count} ${print.status(word)}`)
      .join(', ') || 'none';
  print.table(
    ['town', ''],
    [
      ['polecats', `${status.polecats.alive} at work, of ${status.polecats.max}`],
      ['convoys', counts(status.convoys)],
      ['escalations', counts(status.escalations)],
      ['spent today', `$${status.costs.todayUsd.toFixed(2)}`],
    ],
  );
  print.line();
  if (status.rigs.length === 0) {
    print.line('No rigs yet. Add one: gt rig add <name> <url or path>');
    return;
  }
  print.table(
    ['rig', 'in line', 'target', 'landed', 'queue'],
    status.rigs.flatMap((rig) =>
      rig.queues.map((queue) => [
        print.paint('bold', rig.name),
        String(rig.inLine),
        queue.target,
        String(queue.landed),
        queue.paused ? print.status('paused') : 'open',
      ]),
    ),
  );
}
