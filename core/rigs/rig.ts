/** The rig: one git repository under management. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { modelPattern, parseAgent, runtimes } from '../polecats/runtime.ts';
import type { Instant } from '../ports.ts';

/** How one configuration key is typed, explained, and read from a word on a command line. */
interface KeySpec<T> {
  readonly schema: z.ZodType<T>;
  readonly default: T;
  readonly about: string;
}

const key = <T>(schema: z.ZodType<T>, fallback: T, about: string): KeySpec<T> => ({ schema, default: fallback, about });
const oneLine = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\n\r\0]*$/, 'one line');
/**
 * A branch: printable ASCII that git takes and no shell or refspec reads otherwise. 78 characters, because an SQS group
 * has 128 and `refinery/<rig>/<target>` spends up to 50 of them on the rest.
 */
export const branchPattern = /^(?!.*(\.\.|\/\/|\/\.|\.lock$|\.lock\/|[/.]$))[A-Za-z0-9_][A-Za-z0-9_./+@=-]{0,77}$/;
const branch = z
  .string()
  .regex(branchPattern)
  .describe('a branch name of at most 78 letters, digits and _ . / + @ = -');
const seconds = z.int().min(1).max(86_400);
const agent = z
  .string()
  .max(220)
  .refine((words) => parseAgent(words) !== undefined)
  .describe(`one of ${runtimes.join(', ')}, or with a model, such as claude:opus`);
const model = z.string().regex(modelPattern).describe('a model as its provider spells it');

/** Every key of a rig's configuration. `refinery.gates.<name>` is a family of keys, one a gate: see `gatePrefix`. */
export const rigKeys = {
  'polecats.max': key(z.int().min(1).max(10_000), limits.polecatsPerRigDefault, 'polecats of this rig at work at once'),
  'agent.runtime': key(
    z.enum(runtimes),
    'shell',
    'shell: run the bead’s own sh block; command: run agent.command; else the agent of that name',
  ),
  'agent.model': key(model, '', 'the model that agent.runtime asks for; empty: its own default'),
  'agent.command': key(
    oneLine(2000),
    'sh {script}',
    'argv of the agent; {prompt} and {script} become file paths, {model} the model',
  ),
  'agent.timeout_s': key(seconds, limits.attemptTimeoutDefaultMs / 1000, 'an attempt is stopped after this'),
  'retry.same_agent': key(z.int().min(0).max(10), 1, 'rung 1: retries from the last pushed commit'),
  'retry.fresh': key(z.int().min(0).max(10), 2, 'rung 2: fresh polecats that get the error'),
  'retry.agents': key(
    z.array(agent).max(10),
    [],
    'rung 3: agent, or agent:model, of each fresh polecat; the last repeats; none: the same',
  ),
  'retry.backoff_s': key(
    z.array(z.int().min(0).max(86_400)).min(1).max(10),
    [120, 300, 600, 1800],
    'rest before each retry; the last repeats',
  ),
  'refinery.target': key(branch, '', 'branch to land on; empty: the remote’s default branch'),
  'refinery.require_ci': key(z.boolean(), false, 'land only what the required checks passed'),
  'refinery.required_checks': key(
    z.array(oneLine(200)).max(50),
    [],
    'names of checks; empty: what branch protection requires',
  ),
  'refinery.merge_strategy': key(
    z.enum(['squash', 'rebase', 'merge']),
    'squash',
    'how a change becomes commits on the target',
  ),
  'refinery.via': key(
    z.enum(['push', 'pr']),
    'push',
    'pr: a change is opened as a pull request, and tested once it has its reviews; the Refinery lands it either way',
  ),
  'refinery.slots': key(z.int().min(1).max(32), 4, 'runs of the gates at once; 1: one after another, the fewest runs'),
  'refinery.batch_max': key(
    z.int().min(1).max(limits.chainChangesMax),
    limits.chainChangesMax,
    'changes of a chain that one run tests, at most',
  ),
  'refinery.land_max': key(
    z.int().min(1).max(limits.landedAtOnceMax),
    limits.landedAtOnceMax,
    'changes that one push lands, at most',
  ),
  'refinery.ci_changes': key(
    z.enum(['alone', 'human']),
    'alone',
    'a change to CI configuration is tested alone, or waits for gt mq retry too',
  ),
  'refinery.gate_timeout_s': key(seconds, limits.gateTimeoutDefaultMs / 1000, 'a gate command is stopped after this'),
  'refinery.verdict_expires_s': key(z.int().min(60).max(2_592_000), 86_400, 'a pass older than this is tested again'),
  'budget.per_bead_usd': key(
    z.number().min(0).max(10_000),
    0,
    'reserved at admission, refused beyond; 0: unmetered agents only',
  ),
  'budget.per_convoy_usd': key(
    z.number().min(0).max(100_000),
    0,
    'no bead starts that may bring its convoy above it; 0: no bound but those of its beads',
  ),
} as const;

export type RigKey = keyof typeof rigKeys;
export type RigConfig = { readonly [K in RigKey]: (typeof rigKeys)[K]['default'] } & {
  readonly gates: readonly Gate[];
};

export interface Gate {
  readonly name: string;
  readonly command: string;
}

export const gatePrefix = 'refinery.gates.';
export const gateNamePattern = /^[a-z0-9][a-z0-9_-]{0,40}$/;
export const rigNamePattern = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/;

/** The body of `RIG#<name> CONFIG`. */
export interface Rig {
  readonly name: string;
  /** First part of its beads' ids: 1 to 8 of `a-z0-9`, a letter first. */
  readonly prefix: string;
  readonly url: string;
  readonly defaultBranch: string;
  /** Only what was set; the rest is default. */
  readonly settings: Readonly<Record<string, z.core.util.JSONType>>;
  readonly addedAt: Instant;
}
