import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ConvoyView } from './convoys.ts';
import { fromHere } from './here.ts';
import { plain } from './print.ts';
import { placed, Refusal } from './refusal.ts';
import { part, run, type Session } from './session.ts';
import type { StatusView } from './town.ts';
import { watchConvoy } from './watch.ts';

interface Submitted {
  readonly convoy: ConvoyView;
  readonly repeated: boolean;
}

interface Flags {
  readonly rig: string;
  readonly review?: boolean;
  readonly asOne?: boolean;
  readonly key?: string;
  readonly watch?: boolean;
}

/** A checklist is planned within a second; what takes longer, `gt convoy show` tells. */
const planLooks = 20;
const planLookEveryMs = 100;

export function intentCommands(program: Command): void {
  program
    .command('submit <file>')
    .description('hand in an intent: a file, or - for standard input')
    .requiredOption('--rig <rig>', 'the rig to change')
    .option('--review', 'plan only; launch it yourself with gt convoy launch')
    .option('--as-one', 'land the whole convoy at once, when all of its beads are done')
    .option('--key <key>', 'idempotency key: the same key again is the same intent')
    .option('--watch', 'stay until the convoy has ended')
    .action(run<Flags>(async (session, flags, file = '') => submit(session, flags, await read(file))));
}

export async function submit(session: Session, flags: Flags, text: string): Promise<void> {
  const { town, print } = session;
  const body = {
    text,
    rig: flags.rig,
    plan: flags.review ? 'review' : 'auto',
    land: flags.asOne ? 'convoy' : 'beads',
  };
  const headers: Record<string, string> = flags.key === undefined ? {} : { 'idempotency-key': flags.key };
  const answer = await town.post<Submitted>('intents', { body, headers });
  const { id, title } = answer.convoy;
  if (!print.json)
    print.line(`Convoy ${print.paint('bold', id)}${answer.repeated ? ' (handed in before)' : ''}: ${title}`);
  await warnIfNothingCanLand(session, flags.rig);
  // One that watches is told of the stop as of all that hinders, and of its end.
  if (flags.watch) return watchConvoy(session, id);
  const convoy = await plannedSoon(session, answer.convoy);
  print.show({ ...answer, convoy }, () => {
    if (convoy.status === 'staged')
      print.line(`It is staged. Look: gt convoy show ${id}; start it: gt convoy launch ${id}`);
    else if (convoy.faults === undefined) print.line(`Follow it: gt convoy show ${id}, or gt feed --follow`);
  });
  if (convoy.faults !== undefined) throw planRefused(convoy.faults);
  await warnIfStopped(session);
}

/** The convoy with its plan, or as it is when planning takes longer than a person likes to wait. */
async function plannedSoon({ town }: Session, submitted: ConvoyView): Promise<ConvoyView> {
  let convoy = submitted;
  for (let looks = 0; convoy.status === 'planning' && looks < planLooks; looks += 1) {
    await sleep(planLookEveryMs);
    const { beads: _, ...seen } = await town.get<ConvoyView & { beads: unknown }>(`convoys/${part(submitted.id)}`);
    convoy = seen;
    // The last step before it opens: the plan itself is whole.
    if (convoy.progress.total > 0) break;
  }
  return convoy;
}

function planRefused(faults: Refusal['faults']): Refusal {
  const [first] = faults;
  if (faults.length > 1 || first === undefined)
    return new Refusal('PLAN_REFUSED', 'The plan was refused.', 'Mend the intent and submit it again.', faults);
  return new Refusal('PLAN_REFUSED', placed(first), first.remedy, faults);
}

/** A queue without a test fails closed: better said now than after the work. */
async function warnIfNothingCanLand({ town }: Session, rig: string): Promise<void> {
  const { config } = await town.get<{ config: { key: string; value: unknown }[] }>(`rigs/${part(rig)}`);
  const tested = config.some(
    ({ key, value }) => key.startsWith('refinery.gates.') || (key === 'refinery.require_ci' && value === true),
  );
  if (tested) return;
  process.stderr.write(
    `Warning: ${rig} has no gate and requires no CI, so nothing can land. Add one: gt rig config ${rig} refinery.gates.test "<command>"\n`,
  );
}

async function warnIfStopped({ town }: Session): Promise<void> {
  const { estop } = await town.get<Pick<StatusView, 'estop'>>('status');
  if (estop) process.stderr.write(`The town is stopped (${plain(estop.because)}): nothing starts until gt thaw.\n`);
}

export async function read(file: string): Promise<string> {
  const bytes =
    file === '-'
      ? await buffer(process.stdin)
      : await readFile(fromHere(file)).catch((error: Error) => {
          throw new Refusal(
            'FILE_UNREADABLE',
            `${error.message}.`,
            'Give a file with the intent, or - for standard input.',
          );
        });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const name = file === '-' ? 'Standard input' : file;
    throw new Refusal('INTENT_NOT_UTF8', `${name} is not UTF-8 text.`, 'Save it as UTF-8 and submit it again.');
  }
}
