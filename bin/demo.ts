/** `npm run demo`: a whole town, a real repository, an intent, and what became of it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { TownError } from '../core/errors.ts';
import { budgetPerBeadUsd, type Cast, castOf } from './demo/cast.ts';
import { stuckBecause, type View } from './demo/convoy.ts';
import { figuresOf, firstWorkingMs } from './demo/figures.ts';
import { lineView } from './demo/lines.ts';
import { type DemoOptions, readOptions, usage } from './demo/options.ts';
import { cloneBare, plantGreenhouse } from './demo/rig.ts';
import { becauseOf, isSuccess, jsonOf, printSummary, type Result } from './demo/summary.ts';
import { openTown, readIntent, runMission } from './demo/town.ts';
import { treeView } from './demo/tree.ts';
import { verify } from './demo/verify.ts';
import { wrap } from './demo/wrap.ts';
import { here } from './gt/here.ts';
import { makePrinter, type Printer, plain } from './gt/print.ts';
import { Refusal } from './gt/refusal.ts';

const interrupted = new AbortController();

async function demo(options: DemoOptions): Promise<Result> {
  const text = await readIntent(options.intent);
  const cast = await castOf(options, (line) => process.stderr.write(`${line}\n`));
  try {
    return await play(options, cast, text);
  } finally {
    await cast.answers?.close();
  }
}

async function play(options: DemoOptions, cast: Cast, text: string): Promise<Result> {
  const live = !options.json && !options.plain && process.stdout.isTTY && !process.env.CI && !process.env.NO_COLOR;
  const print = printerFor(options, live);
  const dir = directoryFor(options);
  let result: Result | undefined;
  let started = false;
  try {
    const rig = options.repo === undefined ? await plantGreenhouse(dir) : await cloneBare(options.repo, dir);
    introduce(print, options, cast, rig.path, dir);
    mkdirSync(join(dir, 'town'), { mode: 0o700 });
    const town = await openTown(join(dir, 'town'), cast);
    started = true;
    const view: View = live ? treeView(print) : lineView(print);
    try {
      const mission = { rig, gate: options.gate, intent: text, settings: cast.settings };
      const last = await runMission(town, mission, view, interrupted.signal).finally(() => view.end());
      const { convoy } = last;
      if (convoy.faults) throw refusedPlan(options.intent, convoy.faults);
      const verified = await verify({ dir, repository: rig.path, gate: options.gate }, convoy);
      interrupted.signal.throwIfAborted();
      const figures = await figuresOf(town.ports.ledger, convoy);
      result = {
        dir,
        repository: rig.path,
        convoy,
        stuck: stuckBecause(last),
        verified,
        figures,
        firstWorkingMs: await firstWorkingMs(town.ports.ledger, convoy),
        cast,
        endedAt: last.at,
        seconds: performance.now() / 1000,
        rssMb: process.resourceUsage().maxRSS / 1024,
      };
    } finally {
      await town.close();
    }
    if (!options.json) await printSummary(print, result, options);
    else if (!isSuccess(result)) print.line(wrap('', becauseOf(result)));
    return result;
  } finally {
    const ours = options.dir === undefined;
    const unread = options.json && !options.keep && result !== undefined && isSuccess(result);
    if (ours && (unread || !started)) rmSync(dir, { recursive: true, force: true });
    else if (!result || options.json) print.line(`\nWhat there is of it: ${dir}`);
  }
}

/** With `--json` stdout belongs to the one line at the end. */
function printerFor({ json }: DemoOptions, colour: boolean): Printer {
  const out = json ? process.stderr : process.stdout;
  return makePrinter({ json: false, colour, write: (text) => out.write(text) });
}

function directoryFor({ dir }: DemoOptions): string {
  if (dir === undefined) return mkdtempSync(join(tmpdir(), 'gastown-demo-'));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (readdirSync(dir).length === 0) return dir;
  throw new Refusal('DIR_NOT_EMPTY', `There is something in ${dir} already.`, 'Give --dir a new or empty directory.');
}

function introduce(
  { line, paint }: Printer,
  { repo, intent, gate }: DemoOptions,
  cast: Cast,
  path: string,
  dir: string,
): void {
  line(
    `${paint('bold', 'Gas Town')}, with ${repo === undefined ? 'a rig from examples/greenhouse' : 'a bare clone'}\n`,
  );
  if (repo !== undefined) line(wrap('  of      ', repo));
  line(wrap('  rig     ', path));
  line(wrap('  look    ', `npm run gt -- --dir ${join(dir, 'town')} status`));
  line(wrap('  intent  ', relative(here(), intent)));
  if (cast.answers) {
    line(wrap('  agent   ', `${cast.agent}, $${budgetPerBeadUsd} a bead at most`));
    line(paint('yellow', wrap('  model   ', cast.answers.by)));
  }
  line(`${wrap('  gate    ', `${gate}  (a change lands when this passes on it)`)}\n`);
  if (cast.model) line('The Mayor reads the repository and plans.\n');
}

function refusedPlan(file: string, faults: readonly { at?: string | undefined; what: string; remedy: string }[]) {
  const all = faults.map(({ at, what, remedy }) => `  ${at === undefined ? '' : `${at}: `}${what} ${remedy}`);
  return new Refusal('PLAN_REFUSED', `${file} is no plan yet:`, `\n${plain(all.join('\n'))}`);
}

// They stay: the terminal's cursor is put back by a hook that raises the signal again once nobody else listens.
process.on('SIGINT', () => interrupted.abort(new Refusal('INTERRUPTED', 'Stopped by Ctrl-C.', '')));
process.on('SIGTERM', () => interrupted.abort(new Refusal('INTERRUPTED', 'Stopped.', '')));

try {
  const options = readOptions(process.argv.slice(2));
  if (!options) process.stdout.write(usage);
  else {
    const result = await demo(options);
    if (options.json) process.stdout.write(`${jsonOf(result)}\n`);
    process.exitCode = isSuccess(result) ? 0 : 1;
  }
} catch (thrown) {
  const error = interrupted.signal.aborted ? interrupted.signal.reason : thrown;
  const known = error instanceof TownError || error instanceof Refusal;
  process.stderr.write(`${known ? error.message : String((error as Error).stack)}\n`);
  const misused = error instanceof Refusal && error.code === 'USAGE';
  if (misused) process.stderr.write(`\n${usage}`);
  process.exitCode = interrupted.signal.aborted ? 130 : misused ? 2 : 1;
}
