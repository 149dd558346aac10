/** What was achieved, where it is, and what to do with it. */
import { basename, join } from 'node:path';
import type { Printer } from '../gt/print.ts';
import { plain } from '../gt/print.ts';
import { causeOf, seconds } from './bead-state.ts';
import type { Cast } from './cast.ts';
import type { ConvoyView } from './convoy.ts';
import { type BeadFigures, median } from './figures.ts';
import type { DemoOptions } from './options.ts';
import { git } from './process.ts';
import { spentText } from './spent.ts';
import type { Verified } from './verify.ts';
import { wrap } from './wrap.ts';

export interface Result {
  readonly dir: string;
  readonly repository: string;
  readonly convoy: ConvoyView;
  /** Why only a human could go on. */
  readonly stuck: string | undefined;
  readonly verified: Verified;
  readonly figures: readonly BeadFigures[];
  /** `undefined`: no polecat ever worked. */
  readonly firstWorkingMs: number | undefined;
  readonly cast: Cast;
  /** When the convoy was seen to have ended. */
  readonly endedAt: number;
  /** Of the whole run, from the start of the program. */
  readonly seconds: number;
  readonly rssMb: number;
}

const retriesOf = ({ beads }: ConvoyView): number =>
  beads.reduce((sum, { attempt }) => sum + Math.max(0, attempt - 1), 0);

export const isSuccess = ({ convoy, verified }: Result): boolean =>
  convoy.status === 'landed' &&
  verified.green === true &&
  convoy.beads.length > 0 &&
  verified.landed === convoy.beads.length;

/** From its creation until its last bead came to rest. */
const convoySeconds = ({ convoy, endedAt }: Result): number => ((convoy.closedAt ?? endedAt) - convoy.createdAt) / 1000;

/** What kept it from success, in a sentence. */
export function becauseOf({ convoy, stuck, verified }: Result): string {
  const why = convoy.stalledBecause ?? stuck;
  if (why !== undefined) return plain(why);
  const failed = convoy.beads.find(({ status }) => status === 'failed');
  if (failed) return plain(`${failed.name} failed: ${causeOf(failed)}`);
  if (verified.green === false) return `The gate fails on a fresh clone of ${verified.target}.`;
  return `The convoy is ${convoy.status}, with ${verified.landed} of ${convoy.beads.length} beads on ${verified.target}.`;
}

/** The line that `--json` ends with. */
export const jsonOf = (result: Result): string =>
  JSON.stringify({
    beads: result.convoy.beads.length,
    landed: result.verified.landed,
    failed: result.convoy.beads.filter(({ status }) => status === 'failed').length,
    retries: retriesOf(result.convoy),
    mainGreen: result.verified.green ?? null,
    main: result.verified.main,
    seconds: Number(result.seconds.toFixed(1)),
    convoySeconds: Number(convoySeconds(result).toFixed(1)),
    firstWorkingMs: result.firstWorkingMs ?? null,
    overheadMsP50: Math.round(median(result.figures.map(({ overheadMs }) => overheadMs))),
    rssMb: Math.round(result.rssMb),
    agent: result.cast.agent,
    model: result.cast.answers?.by ?? 'none',
    costUsd: result.convoy.costUsd,
    ...(result.cast.answers?.billed ? { scriptedUsd: result.cast.answers.billed().usd } : {}),
    ...(isSuccess(result) ? {} : { because: becauseOf(result) }),
  });

export async function printSummary(print: Printer, result: Result, options: DemoOptions): Promise<void> {
  const heading = (text: string) => print.line(`\n${print.paint('bold', text)}\n`);
  verdict(print, result, options);
  for (const bead of result.convoy.beads.filter(({ notes }) => notes.length > 0)) {
    const healed = bead.status === 'closed' ? `and attempt ${bead.attempt} landed` : 'and none after it landed';
    print.line(
      wrap('  ', `${bead.name}: attempt ${bead.notes.at(-1)?.attempt} failed, ${healed}. ${plain(causeOf(bead))}`),
    );
  }
  heading(`The newest commits of ${result.verified.target}`);
  for (const line of await history(print, result)) print.line(line);
  if (result.figures.length > 0) {
    heading('Where the time went');
    timeTable(print, result);
  }
  heading('Where everything is');
  places(print, result);
  heading('Next');
  for (const [command, about] of nextSteps(result, options))
    print.line(`${command}\n${print.paint('dim', wrap('  ', about))}`);
}

function verdict({ line, paint }: Printer, result: Result, { gate }: DemoOptions): void {
  const { convoy, verified } = result;
  const { answers } = result.cast;
  const took = `${convoySeconds(result).toFixed(1)} s`;
  const count = `${verified.landed} of ${convoy.beads.length} beads landed; the convoy took ${took}.`;
  line(`\n${isSuccess(result) ? paint('green', '✔') : paint('red', '✖')} ${paint('bold', count)}`);
  if (answers?.billed) line(paint('yellow', wrap('  ', `${capital(answers.by)}.`)));
  const tested = `On a fresh clone of ${verified.target}, "${gate}"`;
  if (verified.green === undefined) line(`  Nothing landed: ${verified.target} is as it was.`);
  else if (verified.green) line(wrap('  ', `${tested} passes.`));
  else line(paint('red', wrap('  ', `${tested} fails.\n${plain(verified.output).trim().slice(-2000)}`.trimEnd())));
  if (!isSuccess(result)) line(paint('red', wrap('  ', becauseOf(result))));
  if (result.firstWorkingMs !== undefined)
    line(wrap('  ', `The first polecat was at work ${seconds(result.firstWorkingMs)} after the intent was submitted.`));
  line(wrap('  ', `${result.seconds.toFixed(1)} s in all, with starting the town and checking what landed.`));
  if (answers) line(wrap('  ', spentText(convoy, answers)));
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** One line a commit, with the bead and the polecat that its trailers name. */
async function history(print: Printer, { repository, convoy, verified }: Result): Promise<string[]> {
  const trailer = '%(trailers:key=Bead,valueonly,separator=%x2C)';
  const format = `--format=%h %s%x09${trailer}%x09%an`;
  const shown = convoy.beads.length + 1;
  const log = await git(['-C', repository, 'log', '--graph', `--max-count=${shown}`, format, verified.target]);
  return log.split('\n').map((text) => {
    const [commit = '', bead = '', polecat = ''] = plain(text.replaceAll('\t', '\n')).split('\n');
    return bead === '' ? commit : `${commit}  ${print.paint('dim', `${bead} by ${polecat}`)}`;
  });
}

const ms = (value: number): string => (value === 0 ? '–' : `${Math.round(value)} ms`);

function timeTable(print: Printer, { figures, rssMb }: Result): void {
  const cells = figures.map(({ bead, lifeMs, agentMs, gateMs, backoffMs, overheadMs }) => [
    bead.name,
    seconds(lifeMs).padStart(7),
    String(bead.attempt).padStart(8),
    ...[agentMs, gateMs, backoffMs, overheadMs].map((value) => ms(value).padStart(9)),
  ]);
  print.table(['bead', '   time', 'attempts', '    agent', '    gates', '  backoff', ' overhead'], cells);
  const p50 = Math.round(median(figures.map(({ overheadMs }) => overheadMs)));
  print.line(`\nMedian overhead ${p50} ms a bead; the town took ${Math.round(rssMb)} MB at most.`);
  const about = 'Gates: its own, and those of the changes before it in the queue. Overhead: all the rest.';
  print.line(print.paint('dim', wrap('', about)));
}

function places({ table }: Printer, { dir, repository }: Result): void {
  table(
    ['what', 'where'],
    [
      ['repository', repository],
      ['record', join(dir, 'town', 'ledger')],
      ['log', join(dir, 'town', 'town.log')],
      ['mails', join(dir, 'town', 'mail')],
    ],
  );
}

/** Commands to copy, each with what it is good for. */
function nextSteps(result: Result, { repo, agent, rehearsal }: DemoOptions): [command: string, about: string][] {
  const { dir, repository, convoy } = result;
  const name = basename(repository, '.git');
  const town = word(join(dir, 'town'));
  const bead = convoy.beads.find(({ notes }) => notes.length > 0) ?? convoy.beads[0];
  const steps: [string, string][] = [
    [`npm start -- --dir ${town}`, 'this town again'],
    [
      `npm run gt -- --dir ${town} why ${bead?.id ?? convoy.id}`,
      'in another terminal: what became of this one, and why',
    ],
  ];
  if (!isSuccess(result)) return steps;
  if (repo !== undefined) return [bringHome(result, repo), ...steps];
  const clone = `git clone ${word(repository)} ${name} && cd ${name}`;
  return [
    agent === undefined
      ? [`${clone} && npm start winter`, 'the greenhouse in its winter night']
      : [`${clone} && npm start heat`, 'the greenhouse on the hot day of examples/hot-day.md'],
    ...(rehearsal ? [theRealThing] : []),
    [
      'npm run demo -- --repo <path or URL>',
      'the same on a repository of yours: a bare clone is changed, never itself',
    ],
    ...steps,
  ];
}

const theRealThing: [string, string] = [
  'ANTHROPIC_API_KEY=… npm run demo -- --agent claude',
  'the same with a model, which costs money',
];

const bringHome = ({ repository, verified }: Result, repo: string): [string, string] => [
  `git -C ${repo.startsWith('/') ? word(repo) : '<your clone>'} fetch ${word(repository)} ${verified.target}:gastown-demo`,
  'your repository was not written to, only a bare clone of it; this brings the result in, as a branch',
];

/** As a shell would read it back. */
const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
