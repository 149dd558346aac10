/** `gt done`: how an agent says that it is finished, and how. Read inside the sandbox, and again by the harness. */

import { gateTypes, type StepGate } from '../../core/formulas/formula.ts';

const doneStatuses = ['completed', 'handoff', 'phase_complete', 'deferred', 'escalated', 'no_change'] as const;
type DoneStatus = (typeof doneStatuses)[number];

export type Done =
  | { readonly status: 'completed'; readonly note: string }
  | { readonly status: 'no_change'; readonly note: string }
  | { readonly status: 'handoff'; readonly note: string }
  | {
      readonly status: 'phase_complete';
      readonly gate: StepGate['type'];
      readonly minutes?: number;
      readonly bead?: string;
      readonly check?: string;
      readonly pr?: string;
      readonly note: string;
    }
  | { readonly status: 'deferred'; readonly minutes: number; readonly note: string }
  | { readonly status: 'escalated'; readonly question: string; readonly severity: Severity };

/** As long as a report takes them. */
export const noteChars = 2000;
export const questionChars = 4000;

const severities = ['critical', 'high', 'medium', 'low'] as const;
type Severity = (typeof severities)[number];
const optionNames = ['status', 'note', 'question', 'severity', 'minutes', 'gate', 'bead', 'check', 'pr'] as const;
type Option = (typeof optionNames)[number];

export const doneUsage = `gt done [--status completed|handoff|phase_complete|deferred|escalated|no_change] [options]
  completed       the work is done (the default)                   [--note TEXT]
  no_change       the task rightly needs no change of the code     [--note TEXT]
  handoff         out of context or time, another goes on           --note TEXT
  phase_complete  go on when a gate opens    --gate human|timer|bead|ci|pr [--minutes N] [--bead ID] [--check NAME]
                  [--pr NUMBER|BRANCH] [--note TEXT]
  deferred        put back for a while       --minutes N [--note TEXT]
  escalated       ask a human                --question TEXT [--severity critical|high|medium|low]`;

/** Which options each status takes, and which it needs. */
const taken: Readonly<Record<DoneStatus, readonly Option[]>> = {
  completed: ['note'],
  handoff: ['note'],
  no_change: ['note'],
  phase_complete: ['gate', 'minutes', 'bead', 'check', 'pr', 'note'],
  deferred: ['minutes', 'note'],
  escalated: ['question', 'severity'],
};

export type Parsed = { readonly ok: true; readonly done: Done } | { readonly ok: false; readonly fault: string };

/** `args` follow `gt done`. The first fault, in one sentence that says what would be right. */
export function parseDone(args: readonly string[]): Parsed {
  try {
    return { ok: true, done: read(args) };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, fault: error.message };
    throw error;
  }
}

class Fault extends Error {}

function read(args: readonly string[]): Done {
  const options = readOptions(args);
  const status = oneOf(doneStatuses, options.get('status')?.toLowerCase() ?? 'completed', 'status');
  for (const name of options.keys()) {
    if (name !== 'status' && !taken[status].includes(name)) {
      throw new Fault(
        `--${name} does not go with --status ${status}; it takes ${taken[status].map((o) => `--${o}`).join(', ')}`,
      );
    }
  }
  const note = text(options, 'note', noteChars) ?? '';
  switch (status) {
    case 'completed':
    case 'no_change':
      return { status, note };
    case 'handoff':
      if (note.trim() === '')
        throw new Fault('--status handoff needs --note: what is done, what is left, what must the next one know?');
      return { status, note };
    case 'phase_complete': {
      return { status, note, ...readGate(options) };
    }
    case 'deferred':
      return { status, minutes: minutes(options, 1, 525_600), note };
    case 'escalated': {
      const question = text(options, 'question', questionChars)?.trim();
      if (!question) throw new Fault('--status escalated needs --question: what must the human decide?');
      return { status, question, severity: oneOf(severities, options.get('severity') ?? 'medium', 'severity') };
    }
  }
}

function readGate(options: ReadonlyMap<Option, string>) {
  const gate = oneOf(gateTypes, options.get('gate') ?? '', 'gate');
  for (const [option, ofGate] of [
    ['bead', 'bead'],
    ['check', 'ci'],
    ['pr', 'pr'],
  ] as const) {
    if (options.has(option) && gate !== ofGate) throw new Fault(`--${option} goes with --gate ${ofGate} only`);
    if (gate === ofGate && !text(options, option, 200)?.trim()) throw new Fault(`--gate ${gate} needs --${option}`);
  }
  if (gate === 'human' && options.has('minutes')) throw new Fault('--minutes does not go with --gate human');
  const bounded = gate === 'timer' || options.has('minutes');
  return {
    gate,
    ...(bounded ? { minutes: minutes(options, 0, 43_200) } : {}),
    ...(gate === 'bead' ? { bead: options.get('bead') ?? '' } : {}),
    ...(gate === 'ci' ? { check: options.get('check') ?? '' } : {}),
    ...(gate === 'pr' ? { pr: options.get('pr') ?? '' } : {}),
  };
}

function readOptions(args: readonly string[]): Map<Option, string> {
  const options = new Map<Option, string>();
  for (let i = 0; i < args.length; i += 1) {
    const [, given = '', inline] = /^--([a-z]+)(?:=([\s\S]*))?$/.exec(args[i] ?? '') ?? [];
    const name = optionNames.find((option) => option === given);
    if (!name)
      throw new Fault(
        `unknown argument ${JSON.stringify(args[i])}; known: ${optionNames.map((o) => `--${o}`).join(', ')}`,
      );
    if (options.has(name)) throw new Fault(`--${name} is given twice`);
    const value = inline ?? args[i + 1];
    if (value === undefined) throw new Fault(`--${name} needs a value`);
    if (inline === undefined) i += 1;
    options.set(name, value);
  }
  return options;
}

function oneOf<const T extends string>(known: readonly T[], given: string, name: string): T {
  const found = known.find((value) => value === given);
  if (found === undefined)
    throw new Fault(`--${name} must be one of ${known.join(', ')}; not ${JSON.stringify(given)}`);
  return found;
}

function text(options: ReadonlyMap<Option, string>, name: Option, max: number): string | undefined {
  const value = options.get(name);
  if (value !== undefined && value.length > max)
    throw new Fault(`--${name} has ${value.length} characters; at most ${max}`);
  return value;
}

function minutes(options: ReadonlyMap<Option, string>, min: number, max: number): number {
  const given = options.get('minutes') ?? '';
  const value = /^[0-9]+(\.[0-9]+)?$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new Fault(`--minutes must be a number from ${min} to ${max}; not ${JSON.stringify(given)}`);
  return value;
}
