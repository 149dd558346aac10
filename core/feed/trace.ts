/** Where the log lines of a bead's life are, from its intent to its landing, and how to ask for them. */
import { functions } from '../wiring.ts';

/** Where this town's log is: log groups of CloudWatch in AWS, a file on a laptop. */
export type LogPlace = { readonly town: string } | { readonly file: string };

/** Named by the town, so that a query can name them. */
export const logGroupOf = (town: string, part: string): string => `/gas-town/${town}/${part}`;

export interface Trace {
  /** For the console of CloudWatch Logs Insights; absent on a laptop. */
  readonly query?: string;
  readonly command: string;
}

export interface Subject {
  readonly convoy: string;
  /** Absent: the lines of all of the convoy's beads. */
  readonly bead?: string | undefined;
  /** Milliseconds since 1970: when the convoy was submitted. */
  readonly since: number;
}

/** A bead's own lines, and those of its convoy as a whole: the intent was accepted before there was a bead. */
export function traceOf(place: LogPlace, { convoy, bead, since }: Subject): Trace {
  if ('file' in place) {
    const ofBead = bead === undefined ? '' : ` && (/"bead":"${bead}"/ || !/"bead":/)`;
    return { command: `awk '/"convoy":"${convoy}"/${ofBead}' ${quoted(place.file)}` };
  }
  const ofBead = bead === undefined ? '' : ` and (bead = "${bead}" or not ispresent(bead))`;
  const query = `fields @timestamp, message, bead, attempt, text | filter convoy = "${convoy}"${ofBead} | sort @timestamp | limit 1000`;
  const groups = Object.keys(functions).map((name) => logGroupOf(place.town, name));
  const start = [
    'aws logs start-query',
    `--start-time ${Math.floor(since / 1000)} --end-time $(date +%s)`,
    `--log-group-names ${groups.join(' ')}`,
    `--query-string '${query}' --query queryId --output text`,
  ].join(' ');
  const command = `id=$(${start}) && sleep 5 && aws logs get-query-results --query-id $id --output text`;
  return { query, command };
}

const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);
