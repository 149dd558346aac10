/** A pull request as it was last told of, under its number and under its branch; and who waits for its end. */
import type { BeadId } from '../keys.ts';
import type { Instant, PullRequestState } from '../ports.ts';

/** The body of `PULL#<rig>#<name> STATE`. A branch tells of the newest of its pull requests. */
export interface PullRecord {
  readonly told?: PullRequestState & { readonly reportedAt: Instant };
  /** Beads at a gate, each until it was merged or closed. */
  readonly awaitedBy?: readonly BeadId[];
}

const charsMax = 250;

/** What people write, as it is looked up: `7`, `#7` and `007` are its number, anything else its head branch. Nothing for what is neither. */
export function pullRequestName(text: string | undefined): string | undefined {
  const name = (text ?? '').trim().replace(/^#?0*(?=\d+$)/, '');
  return name === '' || name.length > charsMax || /[\s\p{Cc}]/u.test(name) ? undefined : name;
}

export const isNumber = (name: string): boolean => /^\d+$/.test(name);

/** What it is looked up by. Not by a branch that is called like a number: that is the name of another pull request. */
export const namesOf = (number: number, branch: string | undefined): readonly string[] =>
  branch === undefined || isNumber(branch) || pullRequestName(branch) !== branch
    ? [String(number)]
    : [String(number), branch];

/**
 * Nothing that is known is older. What was merged stays so, a branch's older pull request says nothing of it any more, and of
 * one pull request the newest word counts, where it has a time.
 */
export function isNews(told: PullRequestState, at: Instant | undefined, known: PullRecord['told']): boolean {
  if (!known || told.number > known.number) return true;
  if (told.number < known.number || known.state === 'merged') return false;
  return told.state !== known.state && (at === undefined || at >= known.reportedAt);
}

export const hasEnded = ({ state }: PullRequestState): boolean => state !== 'open';
