/** What the demo was asked for, checked before anything is started. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fromHere } from '../gt/here.ts';
import { Refusal } from '../gt/refusal.ts';

export interface DemoOptions {
  /** Absolute path or URL of the repository to change a copy of; without it, the greenhouse. */
  readonly repo: string | undefined;
  readonly intent: string;
  readonly gate: string;
  /** Everything is kept in here; without it, in a fresh temporary directory. */
  readonly dir: string | undefined;
  /** Absent: the scripts of the intent. */
  readonly agent: string | undefined;
  /** A script answers the agent and the Mayor. */
  readonly rehearsal: boolean;
  readonly keep: boolean;
  readonly json: boolean;
  readonly plain: boolean;
}

export const usage = `npm run demo -- [options]

  (none)               build the greenhouse through a winter night: examples/winter-night.md
  --repo <path|URL>    any git repository instead; a bare clone of it is changed, never the repository itself
  --intent <file>      a checklist (docs/intents.md); with --repo the default is examples/housekeeping.md
  --rehearsal          the Mayor plans prose and Claude Code does the work (examples/hot-day.md), with a script that
                       answers them both: no model, no key; Claude Code itself comes from npm, once
  --agent claude       the same with the model of ANTHROPIC_API_KEY, and with any --intent; claude:<model> names one
  --gate "<command>"   what must end with 0 before a change lands
  --plain              lines instead of a live tree; so too without a terminal, in CI, and under NO_COLOR
  --json               one line of JSON on stdout at the end, progress on stderr
  --dir <directory>    where to keep state, repository, logs and mails; new or empty
  --keep               with --json: do not delete them at the end
`;

export const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const greenhouseGate = 'node tools/test.js';
/** Says nothing about the code, but is there wherever git is: it refuses conflict marks and stray white space. */
const anyRepositoryGate = 'git diff --check HEAD~1';

/** `undefined`: only help was asked for. Throws USAGE. */
export function readOptions(argv: readonly string[]): DemoOptions | undefined {
  const { help, repo, intent, gate, dir, agent, ...flags } = parse(argv);
  if (help) return undefined;
  if (flags.rehearsal && (repo ?? intent ?? gate) !== undefined)
    throw new Refusal('USAGE', '--rehearsal has a script for examples/hot-day.md alone.', '');
  if (agent !== undefined && repo !== undefined && intent === undefined)
    throw new Refusal('USAGE', '--agent with --repo wants an --intent: what is to be done there.', '');
  const prompted = agent ?? (flags.rehearsal ? 'claude' : undefined);
  return {
    repo: repo === undefined ? undefined : absolute(repo),
    intent: intent === undefined ? resolve(examples, defaultIntent(repo, prompted)) : fromHere(intent),
    gate: gate ?? (repo === undefined ? greenhouseGate : anyRepositoryGate),
    dir: dir === undefined ? undefined : fromHere(dir),
    agent: prompted,
    ...flags,
  };
}

function defaultIntent(repo: string | undefined, agent: string | undefined): string {
  if (repo !== undefined) return 'housekeeping.md';
  return agent === undefined ? 'winter-night.md' : 'hot-day.md';
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const options = {
      repo: text,
      intent: text,
      gate: text,
      dir: text,
      agent: text,
      rehearsal: flag,
      keep: flag,
      json: flag,
      plain: flag,
      help: flag,
    };
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new Refusal('USAGE', `${(error as Error).message.split('. ')[0]?.replace(/\.$/, '')}.`, '');
  }
}

/** A path is one if it is there; what is neither a path nor a URL is taken for a path that is missing. */
const absolute = (repo: string): string =>
  existsSync(fromHere(repo)) || !/^[a-z+]+:|@.*:/i.test(repo) ? fromHere(repo) : repo;
