/** Where the town is: flags first, then the environment, then what a running town wrote into its state directory. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { urlOfStack } from './aws.ts';
import { fromHere } from './here.ts';
import { Refusal } from './refusal.ts';

export interface TownAddress {
  readonly url: string;
  readonly token: string | undefined;
  /** Requests are signed with AWS credentials for this region. */
  readonly region?: string;
}

export interface AddressFlags {
  readonly url?: string;
  readonly stack?: string;
  readonly region?: string;
  readonly tokenFile?: string;
  readonly dir?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Without --dir it is where npm start leaves it. */
export const stateDirOf = ({ dir }: AddressFlags): string => (dir === undefined ? resolve('.gastown') : fromHere(dir));

/**
 * With a token requests bear it. Without one, they are signed for a town behind https, or wherever a stack or a region
 * is given, as for an emulator on this machine. Throws a Refusal that says what is missing.
 */
export async function findTown(flags: AddressFlags, environment: Environment): Promise<TownAddress> {
  const stack = flags.stack ?? (flags.url ? undefined : environment.GASTOWN_STACK);
  const stackRegion = stack === undefined ? undefined : regionFor(flags, environment, `the stack "${stack}"`);
  const given =
    stack !== undefined && stackRegion !== undefined
      ? await urlOfStack(stack, stackRegion, environment)
      : (flags.url ?? environment.GASTOWN_URL);
  const written = given === undefined ? await readTown(join(stateDirOf(flags), 'town.json')) : undefined;
  const url = validUrl(given ?? written?.url ?? nowhere(flags));
  const tokenFile = flags.tokenFile ?? environment.GASTOWN_TOKEN_FILE ?? written?.tokenFile;
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile);
  const signs = token === undefined && (url.protocol === 'https:' || (flags.region ?? stack) !== undefined);
  if ((token !== undefined || signs) && isClearText(url)) throw clearText(url);
  const at = url.href.replace(/\/$/, '');
  if (!signs) return { url: at, token };
  return { url: at, token, region: stackRegion ?? regionOf(url, flags, environment) };
}

/** http carries secrets in clear text: fine on this machine, and nowhere else. */
export const isClearText = (url: URL): boolean =>
  url.protocol === 'http:' && !/^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);

const clearText = (url: URL): Refusal =>
  new Refusal(
    'CLEAR_TEXT',
    `${url.origin} is http on another machine: whoever listens on the way would read your secret.`,
    'Give its https address.',
  );

function validUrl(text: string): URL {
  if (URL.canParse(text) && /^https?:/.test(text)) return new URL(text);
  throw new Refusal(
    'URL_INVALID',
    `"${text}" is no URL.`,
    'Give it as http://127.0.0.1:4780 or https://<id>.execute-api.<region>.amazonaws.com.',
  );
}

function nowhere(flags: AddressFlags): never {
  throw new Refusal(
    'TOWN_UNKNOWN',
    `There is no town in ${stateDirOf(flags)}.`,
    `Start one with npm start${flags.dir === undefined ? '' : ` -- --dir ${stateDirOf(flags)}`}, or give --url and --token-file; for a deployed one --url or --stack.`,
  );
}

/** The address of an API of API Gateway says its region. */
function regionOf(url: URL, flags: AddressFlags, environment: Environment): string {
  const own = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(url.hostname)?.[1];
  if (own === undefined) return regionFor(flags, environment, url.hostname);
  if (flags.region === undefined || flags.region === own) return own;
  throw new Refusal(
    'REGION_MISMATCH',
    `${url.hostname} is in ${own}, and --region says ${flags.region}.`,
    'Leave --region out, or check --url.',
  );
}

function regionFor(flags: AddressFlags, environment: Environment, what: string): string {
  const region = flags.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  if (region) return region;
  throw new Refusal('REGION_UNKNOWN', `Nothing says in which region ${what} is.`, 'Give --region, or set AWS_REGION.');
}

interface TownFile {
  readonly url: string;
  readonly tokenFile?: string;
}

async function readTown(file: string): Promise<TownFile | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { url, tokenFile } = JSON.parse(text) as TownFile;
    return { url, ...(tokenFile === undefined ? {} : { tokenFile: resolve(dirname(file), tokenFile) }) };
  } catch {
    throw new Refusal('TOWN_FILE_BROKEN', `${file} is not JSON.`, 'Start the town again: it writes the file anew.');
  }
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(fromHere(file), 'utf8').catch((error: Error) => {
    throw new Refusal(
      'TOKEN_MISSING',
      `The token cannot be read: ${error.message}.`,
      'Give --token-file, or start the town again.',
    );
  });
  return text.trim();
}
