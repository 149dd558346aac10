/** Every refusal of the API is a problem document (RFC 9457), whatever refused: the town, the parser, the router. */
import { z } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { type Fault, RepoUnreachable, refuse, refuseAll, TownError, Unavailable } from '../../core/errors.ts';

const faultSchema = z.object({ code: z.string(), what: z.string(), remedy: z.string(), at: z.string().optional() });

export const problemSchema = z
  .strictObject({
    type: z.string().openapi({ description: 'urn:gastown:problem:<CODE>' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'What happened, with names and numbers' }),
    code: z.string().openapi({ example: 'RIG_UNKNOWN' }),
    remedy: z.string().openapi({ description: 'What to do about it' }),
    move: z.enum(['caller', 'operator', 'wait']).openapi({ description: 'Whose move it is' }),
    faults: z.array(faultSchema),
  })
  .openapi('Problem');
type Problem = z.infer<typeof problemSchema>;

export const problemType = 'application/problem+json';

/** `RIG_UNKNOWN` → `Rig unknown`. */
const titleOf = (code: string): string => code.charAt(0) + code.slice(1).toLowerCase().replaceAll('_', ' ');

const problemOf = (error: TownError): Problem => ({
  type: `urn:gastown:problem:${error.code}`,
  title: titleOf(error.code),
  status: error.status,
  detail: error.what,
  code: error.code,
  remedy: error.remedy,
  move: error.move,
  faults: error.faults.map((fault) => ({ ...fault })),
});

export function problemResponse(error: TownError): Response {
  const headers: Record<string, string> = { 'content-type': problemType };
  if (error.status === 401) headers['www-authenticate'] = 'Bearer';
  if (error.move === 'wait') headers['retry-after'] = '1';
  return new Response(JSON.stringify(problemOf(error)), { status: error.status, headers });
}

/** Any exception as a `TownError`; `undefined` if it is a bug, which the caller reports and hides from the world. */
export function asTownError(error: unknown): TownError | undefined {
  if (error instanceof TownError) return error;
  if (error instanceof Unavailable) {
    const fault = { code: 'TOWN_BUSY', what: 'The town could not finish this just now.', remedy: 'Send it again.' };
    return new TownError(503, fault, { move: 'wait' });
  }
  if (error instanceof RepoUnreachable) {
    return refuse(502, 'REPO_UNREACHABLE', error.message, 'Check the URL and the credentials of the rig.');
  }
  if (error instanceof HTTPException && error.status === 400) return notJson();
  return undefined;
}

export const notJson = (): TownError =>
  refuse(400, 'BODY_NOT_JSON', 'The body is not well-formed JSON.', 'Send one JSON object.');

export const bugError = (): TownError =>
  refuse(
    500,
    'INTERNAL',
    'The town made a mistake; its log has the trace.',
    'Report it, with the time of this answer.',
  );

/** What zod found, all of it, as faults with JSON pointers. */
export function invalidInput(where: string, error: z.core.$ZodError): TownError {
  const faults = error.issues.flatMap((issue) => faultsOf(where, issue));
  return refuseAll(400, 'INPUT_INVALID', faults);
}

function faultsOf(where: string, issue: z.core.$ZodIssue): Fault[] {
  const at = issue.path.length === 0 ? where : `${where}/${issue.path.map(String).join('/')}`;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      code: 'FIELD_UNKNOWN',
      what: `Unknown field "${key}" in ${at}.`,
      remedy: 'Leave it out, or check its spelling: /openapi.json lists every field.',
      at: `${at}/${key}`,
    }));
  }
  const field = issue.path.length === 0 ? 'The input' : `"${issue.path.map(String).join('/')}"`;
  const remedy = 'Mend it: /openapi.json describes every field.';
  return [{ code: 'FIELD_INVALID', what: `${field} ${inWords(issue)}.`, remedy, at }];
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    const missing = issue.message.endsWith('received undefined');
    return `must be of the type ${issue.expected}${missing ? ', and is missing' : ''}`;
  }
  if (issue.code === 'too_small')
    return must(issue.origin, `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`);
  if (issue.code === 'too_big')
    return must(issue.origin, `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`);
  return `is refused: ${issue.message}`;
}

const counts: Readonly<Record<string, string>> = { string: 'characters', array: 'items' };
const must = (origin: string, bound: string): string =>
  counts[origin] === undefined ? `must be ${bound}` : `must have ${bound} ${counts[origin]}`;
