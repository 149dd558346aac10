/**
 * npm run sim -- --seeds 1000 [--seed-from N] [--twice N] [--known] [--json]   plays seeds on all processors
 * npm run sim -- --seed S [--cut '{…}'] [--steps]                            plays one, and tells what happens
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Cut } from './kernel/cut.ts';
import { faultKinds } from './kernel/faults.ts';
import { drawScenario } from './kernel/scenario.ts';
import { failureOf, shrink } from './kernel/shrink.ts';
import type { Outcome } from './kernel/simulate.ts';
import { play } from './play.ts';
import seeds from './seeds.json' with { type: 'json' };
import type { Job, Played } from './worker.ts';
import { playAll } from './workers.ts';

const wholeNumbers = ['seeds', 'seed-from', 'seed', 'twice', 'processes'] as const;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    'seed-from': { type: 'string', default: '1' },
    seed: { type: 'string' },
    cut: { type: 'string', default: '{}' },
    steps: { type: 'boolean', default: false },
    twice: { type: 'string', default: '0' },
    known: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
});

for (const name of wholeNumbers) {
  const value = values[name];
  if (value === undefined || /^\d{1,15}$/.test(value)) continue;
  console.error(
    `--${name} takes a whole number, not ${JSON.stringify(value)}. To play seeds 7 to 9: --seed-from 7 --seeds 3.`,
  );
  process.exit(2);
}

const known = seeds as readonly (Job & { readonly was: string })[];

const say = (line: string): void => console.log(line);

/** One failure in words, with the command that plays it again. */
function tell(outcome: Outcome, cut: Cut): void {
  const { seed, violation, stuck } = outcome;
  const command = `npm run sim -- --seed ${seed}${Object.keys(cut).length > 0 ? ` --cut '${JSON.stringify(cut)}'` : ''}`;
  if (violation) say(`seed ${seed}: ${violation.invariant}: ${violation.breach} (step ${violation.step})`);
  for (const unrest of stuck ?? []) say(`seed ${seed}: stuck: ${unrest}`);
  say(`  ${command}`);
}

async function one(seed: number): Promise<boolean> {
  const cut = JSON.parse(values.cut) as Cut;
  say(JSON.stringify(drawScenario(seed), undefined, 1));
  const outcome = await play(seed, cut, (at, who, what, isStep) => {
    if (!isStep || values.steps) say(`${new Date(at).toISOString().slice(8, 23).replace('T', ' ')}  ${who}: ${what}`);
  });
  if (failureOf(outcome)) tell(outcome, cut);
  say(JSON.stringify(outcome));
  return failureOf(outcome) === undefined;
}

function* jobs(): Generator<Job> {
  if (values.known) yield* known;
  const from = Number(values['seed-from']);
  for (let seed = from; seed < from + Number(values.seeds); seed += 1)
    yield { seed, twice: seed < from + Number(values.twice) };
}

async function many(): Promise<boolean> {
  const startedAt = performance.now();
  const sum = { seeds: 0, steps: 0, faults: 0, violations: 0, stuck: 0 };
  const struck = new Map(faultKinds.map((kind) => [kind, 0]));
  const failed: Played[] = [];
  await playAll(jobs(), Number(values.processes), (played) => {
    sum.seeds += 1;
    sum.steps += played.steps;
    sum.faults += played.faults;
    for (const [kind, count] of struck) struck.set(kind, count + (played.faultsBy[kind] ?? 0));
    if (played.violation) sum.violations += 1;
    if (played.stuck) sum.stuck += 1;
    if (failureOf(played)) failed.push(played);
    if (failureOf(played)) tell(played, played.job.cut ?? {});
  });
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const [first] = failed;
  if (first && first.steps > 0) await tellSmaller(first);
  const { steps, faults, violations, stuck } = sum;
  say(`faults: ${[...struck].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  const words = `${sum.seeds} seeds, ${steps} steps, ${faults} faults: ${violations} violations, ${stuck} stuck, in ${seconds} s`;
  say(values.json ? JSON.stringify({ ...sum, seconds }) : words);
  return failed.length === 0;
}

/** The first that failed, as small as it can be made. */
async function tellSmaller(failed: Played): Promise<void> {
  const cut = await shrink(drawScenario(failed.seed), failed, (smaller) => play(failed.seed, smaller));
  say('made smaller:');
  tell(await play(failed.seed, cut), cut);
}

process.exitCode = (await (values.seed === undefined ? many() : one(Number(values.seed)))) ? 0 : 1;
