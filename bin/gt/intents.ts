import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { Command } from 'commander';
import { Refusal } from './client.ts';
import { watchConvoy } from './convoys.ts';
import { run } from './session.ts';

interface Submitted {
  readonly convoy: { readonly id: string; readonly title: string; readonly status: string };
  readonly repeated: boolean;
}

export function intentCommands(program: Command): void {
  program
    .command('submit <file>')
    .description('hand in an intent: a file, or - for standard input')
    .requiredOption('--rig <rig>', 'the rig to change')
    .option('--review', 'plan only; launch it yourself with gt convoy launch')
    .option('--key <key>', 'idempotency key: the same key again is the same intent')
    .option('--watch', 'stay until the convoy has ended')
    .action(
      run<{ rig: string; review?: boolean; key?: string; watch?: boolean }>(
        async ({ town, print }, flags, file = '') => {
          const body = { text: await read(file), rig: flags.rig, plan: flags.review ? 'review' : 'auto' };
          const headers: Record<string, string> = flags.key === undefined ? {} : { 'idempotency-key': flags.key };
          const answer = await town.post<Submitted>('intents', { body, headers });
          if (!flags.watch || !print.json) {
            print.show(answer, ({ convoy, repeated }) => {
              print.line(
                `Convoy ${print.paint('bold', convoy.id)}${repeated ? ' (handed in before)' : ''}: ${convoy.title}`,
              );
              if (!flags.watch) print.line(`Follow it: gt convoy show ${convoy.id}, or gt feed --follow`);
            });
          }
          if (flags.watch) await watchConvoy({ town, print }, answer.convoy.id);
        },
      ),
    );
}

async function read(file: string): Promise<string> {
  if (file === '-') return textOf(process.stdin);
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new Refusal('FILE_UNREADABLE', `${error.message}.`, 'Give a file with the intent, or - for standard input.');
  });
}
