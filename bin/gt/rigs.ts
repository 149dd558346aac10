import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { fromHere } from './here.ts';
import { part, run } from './session.ts';

export interface RigView {
  readonly name: string;
  readonly prefix: string;
  readonly url: string;
  readonly target: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

interface RigDetail extends RigView {
  readonly config: readonly {
    readonly key: string;
    readonly value: unknown;
    readonly set: boolean;
    readonly about: string;
  }[];
}

export function rigCommands(program: Command): void {
  const rig = program.command('rig').description('repositories under management');

  rig
    .command('add <name> <url>')
    .description('manage a repository: https://, ssh:// or file:// URL, or a path')
    .option('--prefix <prefix>', 'first part of its beads’ ids')
    .action(
      run<{ prefix?: string }>(async ({ town, print }, flags, name = '', url = '') => {
        const body = { name, url: absolute(url), ...(flags.prefix === undefined ? {} : { prefix: flags.prefix }) };
        const answer = await town.post<{ rig: RigView; repeated: boolean }>('rigs', { body });
        print.show(answer, ({ rig: added, repeated }) => {
          print.line(
            `${repeated ? 'Already there' : 'Added'}: ${print.paint('bold', added.name)} lands on ${added.target}.`,
          );
          if (
            !Object.keys(added.settings).some(
              (key) => key.startsWith('refinery.gates.') || key === 'refinery.require_ci',
            )
          ) {
            print.line(`Next, a gate, or nothing can land: gt rig config ${added.name} refinery.gates.test "npm test"`);
          }
        });
      }),
    );

  rig
    .command('list')
    .description('every rig')
    .action(
      run(async ({ town, print }) => {
        const answer = await town.get<{ rigs: RigView[] }>('rigs');
        print.show(answer, ({ rigs }) => {
          if (rigs.length === 0) return print.line('No rigs yet. Add one: gt rig add <name> <url or path>');
          print.table(
            ['name', 'prefix', 'target', 'url'],
            rigs.map((one) => [print.paint('bold', one.name), one.prefix, one.target, one.url]),
          );
        });
      }),
    );

  rig
    .command('config <rig> [key] [value...]')
    .description('show the configuration, or one key; or set it ("unset" for the default)')
    .action(
      run(async ({ town, print }, _, name = '', key, value) => {
        const words = (value as unknown as string[] | undefined) ?? [];
        const detail =
          key !== undefined && words.length > 0
            ? await town.patch<RigDetail>(`rigs/${part(name)}/config`, { [key]: words.join(' ') })
            : await town.get<RigDetail>(`rigs/${part(name)}`);
        const config = detail.config.filter((one) =>
          key === undefined || words.length > 0 ? key === undefined || one.key === key : one.key.startsWith(key),
        );
        print.show(config, (views) => {
          if (views.length === 0)
            return print.line(words.length > 0 ? `${key} is unset.` : `Nothing is set as "${key}".`);
          print.table(
            ['key', 'value', '', 'about'],
            views.map((one) => [
              one.key,
              print.paint('bold', typed(one.value)),
              one.set ? 'set' : print.paint('dim', 'default'),
              print.paint('dim', one.about),
            ]),
          );
        });
      }),
    );
}

/** A value as it can be typed again: a list without brackets, a command in quotes. */
const typed = (value: unknown): string =>
  Array.isArray(value) && value.length > 0 ? value.join(',') : JSON.stringify(value);

/** A path on this machine is made absolute: the town runs in another directory. */
const absolute = (url: string): string =>
  !url.includes('://') && !url.startsWith('-') && existsSync(fromHere(url)) ? fromHere(url) : url;
