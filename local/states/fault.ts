/** How a state fails: an error name that Retry and Catch match, and a cause for people. */
export class StateFault extends Error {
  override readonly name = 'StateFault';
  constructor(
    readonly error: string,
    override readonly cause: string,
  ) {
    super(`${error}: ${cause}`);
  }
}

export const queryFault = (cause: string): StateFault => new StateFault('States.QueryEvaluationError', cause);

/** The names that begin with `States.` and mean something in ErrorEquals; any other such name is refused at load. */
export const knownStatesErrors: ReadonlySet<string> = new Set([
  'States.ALL',
  'States.DataLimitExceeded',
  'States.HeartbeatTimeout',
  'States.NoChoiceMatched',
  'States.QueryEvaluationError',
  'States.Runtime',
  'States.TaskFailed',
  'States.Timeout',
]);

/** Step Functions ends the execution on these unless they are named: the wildcards do not cover them. */
const notWild: ReadonlySet<string> = new Set(['States.DataLimitExceeded', 'States.Runtime']);

/** A missed heartbeat is a timeout as well: the language defines States.Timeout so. */
export function matches(errorEquals: readonly string[], error: string): boolean {
  return errorEquals.some((name) => {
    if (name === error) return true;
    if (name === 'States.ALL') return !notWild.has(error);
    if (name === 'States.TaskFailed') return !notWild.has(error) && error !== 'States.Timeout';
    return name === 'States.Timeout' && error === 'States.HeartbeatTimeout';
  });
}

/** What a function threw, as Lambda reports it: the error's name, and a JSON text as the cause. */
export function functionFault(thrown: unknown): StateFault {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new StateFault(error.name, JSON.stringify({ errorType: error.name, errorMessage: error.message }));
}
