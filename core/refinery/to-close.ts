/** A pull request whose change has left the queue: its host is told after the record of it, and again until it has heard. */
import { keys } from '../keys.ts';
import type { Change } from '../ports.ts';
import { asJson } from '../step.ts';
import type { MergeRequest } from './records.ts';

/** The body of `CLOSE#<number>`. */
export interface ToClose {
  readonly number: number;
  readonly comment: string;
}

export function closeLater(
  at: { readonly rig: string; readonly target: string },
  { review }: MergeRequest,
  comment: string,
): readonly Change[] {
  if (!review) return [];
  const { number } = review;
  const body = asJson({ number, comment } satisfies ToClose);
  return [{ put: { ...keys.pullRequestToClose(at.rig, at.target, number), body }, expect: { any: true } }];
}
