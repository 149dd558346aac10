/**
 * Errors say what happened, with the numbers, what to do, and whose move it is. The code is stable: people and
 * programs search for it. The API turns a `TownError` into a problem document (RFC 9457), the CLI prints the sentence.
 */

/** Whose move it is: the caller's (mend the request), the operator's (mend the town) or nobody's (wait, it retries). */
export type Move = 'caller' | 'operator' | 'wait';

export interface Fault {
  /** Upper snake case: `RIG_UNKNOWN`. */
  readonly code: string;
  /** One sentence: what happened, with names and numbers. */
  readonly what: string;
  /** One sentence: what to do about it. */
  readonly remedy: string;
  /** Where in the input, if it is somewhere: `line 12`, `/rig`. */
  readonly at?: string;
}

export class TownError extends Error implements Fault {
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
  readonly status: number;
  readonly move: Move;
  /** Every fault found, when there are several; the first one speaks for all. */
  readonly faults: readonly Fault[];

  constructor(status: number, fault: Fault, options: { move?: Move; faults?: readonly Fault[] } = {}) {
    super(`${fault.code}: ${fault.what} ${fault.remedy}`.trim());
    this.name = 'TownError';
    this.status = status;
    this.code = fault.code;
    this.what = fault.what;
    this.remedy = fault.remedy;
    this.move = options.move ?? (status < 500 ? 'caller' : 'operator');
    this.faults = options.faults ?? [fault];
  }
}

export const refuse = (status: number, code: string, what: string, remedy: string): TownError =>
  new TownError(status, { code, what, remedy });

/** Several faults of one input, reported together. `faults` must not be empty. */
export function refuseAll(status: number, code: string, faults: readonly Fault[]): TownError {
  const first = faults[0] ?? { code, what: 'The input was refused.', remedy: '' };
  const more = faults.length - 1;
  const what = more > 0 ? `${first.what} (and ${more} more)` : first.what;
  return new TownError(status, { ...first, code, what }, { faults });
}

/** The call may or may not have happened: throttled, timed out, the answer lost. Repeat it. */
export class Unavailable extends Error {
  override readonly name: string = 'Unavailable';
}

/** It was most likely done, and paid for: its answer came too late, or cannot be read. Not to be repeated without a bound. */
export class AnswerLost extends Unavailable {}

/** The model's server turned the request away and would do so again: a key, a name or a right is wrong. */
export class ModelDenied extends Error {
  override readonly name = 'ModelDenied';
}

/** Nothing is broken: it is tried again at the same pace, and whoever throws this tells a human in time. */
export class NoRoom extends Unavailable {
  override readonly name = 'NoRoom';
}

/** No ledger could take this commit; repeating it will not help. A bug, or an input that a border let through. */
export class LedgerRefused extends Error {
  override readonly name = 'LedgerRefused';
  constructor(
    readonly code:
      | 'ITEM_TOO_LARGE'
      | 'TOO_MANY_CHANGES'
      | 'COMMIT_TOO_LARGE'
      | 'DUPLICATE_KEY'
      | 'EMPTY'
      | 'BAD_KEY'
      | 'BAD_VALUE',
    what: string,
  ) {
    super(`${code}: ${what}`);
  }
}

/** A message, name or token that the service refuses in the same way every time. */
export class PortRefused extends Error {
  override readonly name = 'PortRefused';
  constructor(
    readonly code: string,
    what: string,
  ) {
    super(`${code}: ${what}`);
  }
}

/** The remote repository did not answer, or does not exist, or turned us away. */
export class RepoUnreachable extends Error {
  override readonly name = 'RepoUnreachable';
}

/** The remote repository refused a push by its own rules: repeating it will not help. */
export class RepoRefused extends Error {
  override readonly name = 'RepoRefused';
}

/** Ends an exhaustive switch: the compiler proves it unreachable. */
export function never(value: never): never {
  throw new Error(`BUG: unexpected ${JSON.stringify(value)}`);
}
