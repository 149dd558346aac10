/** How a landed change reads in `git log`. The trailers lead back to the bead, and tell a landing from any other commit. */
import type { ChainLink } from '../ports.ts';
import type { MergeRequest } from './records.ts';

/** Control characters and line ends would break the subject from the trailers, or forge one. */
const oneLine = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 200) || 'Untitled change';

export const trailersOf = ({
  bead,
  attempt,
}: Pick<MergeRequest, 'bead' | 'attempt'>): Readonly<Record<string, string>> => ({
  Bead: bead,
  Attempt: String(attempt),
});

/** Those that only the Refinery writes, for whichever attempt of the bead. */
export const trailersOfBead = ({
  bead,
  convoy,
}: Pick<MergeRequest, 'bead' | 'convoy'>): Readonly<Record<string, string>> => ({
  Bead: bead,
  Convoy: convoy,
});

const secondMs = 1000;

/**
 * `rerun`: how often the same commit has failed before. A later date makes it another commit of the same tree, with
 * checks of its own; what would land as it is gets a merge commit for that.
 */
export const linkOf = (request: MergeRequest, rerun = 0): ChainLink => ({
  branch: request.branch,
  head: request.head,
  ...(request.asIs ? { asIs: rerun > 0 ? 'merge' : true } : {}),
  message: `${oneLine(request.title)}\n\nBead: ${request.bead}\nConvoy: ${request.convoy}\nAttempt: ${request.attempt}\n`,
  author: {
    name: request.polecat,
    email: `${request.polecat.toLowerCase()}@polecats.gastown.invalid`,
    at: request.submittedAt + rerun * secondMs,
  },
});
