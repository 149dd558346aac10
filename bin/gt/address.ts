/** Where the town is: flags first, then the environment, then what a running town wrote into its state directory. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Refusal } from './client.ts';

export interface TownAddress {
  readonly url: string;
  readonly token: string | undefined;
}

export interface AddressFlags {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly dir?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const stateDirOf = (flags: AddressFlags): string => resolve(flags.dir ?? '.gastown');

/** Throws TOWN_UNKNOWN if nothing says where, TOKEN_MISSING if the token's file is not readable. */
export async function findTown(flags: AddressFlags, environment: Environment): Promise<TownAddress> {
  const townFile = join(stateDirOf(flags), 'town.json');
  const url = flags.url ?? environment.GASTOWN_URL;
  const tokenFile = flags.tokenFile ?? environment.GASTOWN_TOKEN_FILE;
  const written = url === undefined ? await readTown(townFile) : undefined;
  const at = url ?? written?.url;
  if (at === undefined) {
    throw new Refusal(
      'TOWN_UNKNOWN',
      `There is no town in ${dirname(townFile)}.`,
      'Start one with npm start, or give --url and --token-file.',
    );
  }
  if (!URL.canParse(at) || !/^https?:/.test(at))
    throw new Refusal('URL_INVALID', `"${at}" is no URL.`, 'Give it as http://127.0.0.1:4780.');
  const file =
    tokenFile ?? (written?.tokenFile === undefined ? undefined : resolve(dirname(townFile), written.tokenFile));
  return { url: at, token: file === undefined ? undefined : await readToken(file) };
}

async function readTown(file: string): Promise<{ url: string; tokenFile?: string } | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as { url: string; tokenFile?: string };
  } catch {
    throw new Refusal('TOWN_FILE_BROKEN', `${file} is not JSON.`, 'Start the town again: it writes the file anew.');
  }
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Refusal(
      'TOKEN_MISSING',
      `The token cannot be read: ${error.message}.`,
      'Give --token-file, or start the town again.',
    );
  });
  return text.trim();
}
