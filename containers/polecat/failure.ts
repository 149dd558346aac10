/** Why a task could not do its part, as the report names it. Thrown inside the harness, caught once, reported. */
import type { Report } from '../../core/polecats/protocol.ts';
import { withoutSecrets } from './secrets.ts';

export type FailedReport = Extract<Report, { status: 'failed' }>;

export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  /** It goes into the report, and may hold what a program printed. */
  readonly detail: string;
  constructor(
    readonly failure: FailedReport['cause'],
    detail: string,
  ) {
    super(`${failure}: ${detail}`);
    this.detail = withoutSecrets(detail);
  }
}

/** No agent can run before a human has changed something: another attempt would meet the same. */
export class NeedsHuman extends Error {
  override readonly name = 'NeedsHuman';
}

/** The last `max` UTF-16 units at most, without half a character at the cut. */
export function clipStart(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(text.length - max);
  return /^[\uDC00-\uDFFF]/.test(cut) ? cut.slice(1) : cut;
}

/** The first `max` UTF-16 units at most, without half a character at the cut. */
export function clipEnd(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** The longest detail and note that a report takes. */
export const detailChars = 2000;

/** For a line of the harness’s own, or a report. */
export const textOf = (error: unknown): string =>
  withoutSecrets(error instanceof Error ? error.message : String(error));
