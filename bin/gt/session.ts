/** What every command gets: the town, and a place to print. Made when the command runs, from the flags it was given. */
import { type Command, InvalidArgumentError } from 'commander';
import { type AddressFlags, findTown } from './address.ts';
import { Client } from './client.ts';
import { makePrinter, type Printer } from './print.ts';

export interface Session {
  readonly town: Client;
  readonly print: Printer;
}

export interface GlobalFlags extends AddressFlags {
  readonly json?: boolean;
}

export function printerFor(flags: GlobalFlags): Printer {
  const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  return makePrinter({ json: flags.json === true, colour, write: (text) => process.stdout.write(text) });
}

const openSession = async (flags: GlobalFlags): Promise<Session> => ({
  town: new Client(await findTown(flags, process.env)),
  print: printerFor(flags),
});

/** Wraps the work of a command: its own flags and arguments, and an open session. */
export const run =
  <Flags extends object>(work: (session: Session, flags: Flags, ...words: string[]) => Promise<void>) =>
  async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const words = given.slice(0, -2) as string[];
    await work(await openSession(command.optsWithGlobals()), command.opts() as Flags, ...words);
  };

/** Ids come from people: a slash in one must not become another path. */
export const part = (text: string): string => encodeURIComponent(text);

/** Longer lists the town does not give at once. */
export function atMost500(words: string): number {
  const count = Number(words);
  if (/^\d+$/.test(words) && count >= 1 && count <= 500) return count;
  throw new InvalidArgumentError('Give a whole number from 1 to 500.');
}
