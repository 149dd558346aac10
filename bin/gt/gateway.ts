/** What API Gateway says before the town hears of a request: short words, whose cause is found out here. */
import type { TownAddress } from './address.ts';
import { type AwsFault, callerOf } from './aws.ts';
import { Refusal } from './refusal.ts';

/** SigV4 allows five minutes between the two clocks. */
export const skewMaxMs = 5 * 60_000;

/** `undefined` if the answer is not one of API Gateway's: `{"message": "Forbidden"}`. */
export async function gatewayRefusal(
  { status, headers }: Response,
  answer: unknown,
  method: string,
  url: URL,
  address: TownAddress,
): Promise<Refusal | undefined> {
  const message = (answer as { message?: unknown; Message?: unknown } | undefined)?.message;
  if (typeof message !== 'string') return undefined;
  const said = `API Gateway answered ${status} "${message}"`;
  if (status === 401) return notAuthenticated(said, headers.get('www-authenticate'), address);
  if (status === 403 && address.region === undefined) return tokenInVain(said);
  if (status === 403) return forbidden(said, headers.get('date'), method, url, address.region ?? '');
  if (status === 429)
    return new Refusal('TOWN_BUSY', `${said}.`, 'Send it again; the stack’s apiRequestsPerSecond is the limit.');
  if (status >= 500)
    return new Refusal(
      'TOWN_FAILED',
      `${said}.`,
      'Whether it happened is not known: look, then send it again. docs/runbooks/api.md says where the log is.',
    );
  return undefined;
}

function notAuthenticated(said: string, why: string | null, { token }: TownAddress): Refusal {
  if (token === undefined)
    return new Refusal('TOKEN_MISSING', `${said}: this town takes tokens.`, 'Give --token-file <file>.');
  const because = why === null ? '' : ` (${why})`;
  return new Refusal(
    'TOKEN_REFUSED',
    `${said}${because}.`,
    'Fetch a new token from its issuer, and write it to the file.',
  );
}

const tokenInVain = (said: string): Refusal =>
  new Refusal(
    'TOKEN_REFUSED',
    `${said}: it does not take this token.`,
    'If the town wants AWS credentials, leave --token-file and GASTOWN_TOKEN_FILE out, and requests are signed.',
  );

/** The same word for a late signature, for expired credentials and for a missing permission. */
async function forbidden(
  said: string,
  date: string | null,
  method: string,
  url: URL,
  region: string,
): Promise<Refusal> {
  const skewMs = date === null ? 0 : Date.parse(date) - Date.now();
  if (Math.abs(skewMs) > skewMaxMs || /signature (expired|not yet)/i.test(said)) return clockSkewed(said, skewMs);
  const caller = await callerOf(region, process.env);
  if ('code' in caller) return credentialsRefused(said, caller);
  const [, partition = 'aws', , , account = ''] = caller.arn.split(':');
  const api = /^([^.]+)\.execute-api\./.exec(url.hostname)?.[1] ?? '<api id>';
  const arn = `arn:${partition}:execute-api:${region}:${account}:${api}/*/${method}${url.pathname}`;
  return new Refusal(
    'ACCESS_DENIED',
    `${said}: ${caller.arn} may not call it.`,
    `Allow it execute-api:Invoke on ${arn} (or on ${api}/* for all of it), if account ${account} is the town’s; else sign in to the town’s account.`,
  );
}

const clockSkewed = (said: string, skewMs: number): Refusal =>
  new Refusal(
    'CLOCK_SKEWED',
    `${said}: this machine’s clock and the town’s are ${Math.round(Math.abs(skewMs) / 1000)} s apart, and a signature lives five minutes.`,
    'Set the clock (timedatectl set-ntp true, or sntp), and send it again.',
  );

function credentialsRefused(said: string, { code, what }: AwsFault): Refusal {
  if (code === 'UNREACHABLE')
    return new Refusal(
      'ACCESS_DENIED',
      `${said}, and who you are could not be asked: ${what}.`,
      'Check your credentials: aws sts get-caller-identity.',
    );
  const expired = /expired/i.test(`${code} ${what}`);
  return new Refusal(
    expired ? 'CREDENTIALS_EXPIRED' : 'CREDENTIALS_INVALID',
    `${said}, and AWS does not take these credentials: ${code}, ${what}.`,
    'Sign in again (aws sso login), or renew what AWS_PROFILE or the AWS_ variables give.',
  );
}
