/** What goes out by email: plain text that someone can act on at night, without another window open. */
import type { Instant } from '../ports.ts';
import { placeOf, runbookOf } from '../runbooks.ts';
import type { Escalation } from './escalation.ts';

const columnsMax = 72;
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export interface Account {
  /** What happened, with names and numbers. */
  readonly what: string;
  readonly tried: string;
  /** What happens if nobody acts. */
  readonly unattended: string;
  /** One, to go on with. */
  readonly command: string;
}

const commandLabel = 'Do:';

/** As it is on record, and as `gt escalations list` shows it. */
export const bodyOf = ({ what, tried, unattended, command }: Account): string =>
  [what.trimEnd(), `Tried: ${tried}`, `If nobody acts: ${unattended}`, `${commandLabel} ${command}`].join('\n');

/** The letter about an escalation: its body in lines of 72, since when, and where to look. `first` goes on top. */
export function letterOf(escalation: Escalation, now: Instant, first?: string): string {
  const { id, cause, title, body, bead, convoy, rig } = escalation;
  const since = escalation.since ?? escalation.openedAt;
  const place = runbookOf(cause);
  const subject = bead ?? convoy ?? rig;
  return [
    ...(first === undefined ? [] : [...wrap(first), '']),
    ...wrap(title),
    '',
    ...body.split('\n').flatMap((line) => wrap(line)),
    `Since: ${utc(since)} (${howLong(now - since)})`,
    '',
    ...(place ? [`Runbook: ${placeOf(place)}`] : []),
    ...(subject === undefined ? ['What else happens: gt feed'] : [`Why: gt why ${subject}`]),
    ...fields({ bead, convoy, rig }).map((field) => `Log lines: ${field}`),
    `Seen it? gt escalations ack ${id}`,
  ].join('\n');
}

/** The narrowest field that the log can be filtered by. */
const fields = (about: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(about)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} = "${value}"`]))
    .slice(0, 1);

/** A command stays on its line, whatever its length: it is to be copied. What goes on in the next line is indented. */
function wrap(line: string): string[] {
  if (line.length <= columnsMax || line.startsWith(commandLabel)) return [line];
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > columnsMax) {
      lines.push(current);
      current = `  ${word}`;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

const utc = (at: Instant): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

function howLong(ms: number): string {
  if (ms < minute) return 'just now';
  const [unit, name] =
    ms < 2 * hour
      ? ([minute, 'minutes'] as const)
      : ms < 2 * day
        ? ([hour, 'hours'] as const)
        : ([day, 'days'] as const);
  const count = Math.floor(ms / unit);
  return count === 1 ? `1 ${name.slice(0, -1)} ago` : `${count} ${name} ago`;
}
