/**
 * npm run sim:mutants [-- --only <pattern>] [--seeds 400] [--processes 2] [--json]
 *
 * Plants one bug at a time in the town and plays seeds until an invariant notices. Ends with 1 if one goes unnoticed, or
 * if the town without a bug fails a seed that was to prove something.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Catch, hunt, makeControl } from './hunt.ts';
import { mutants } from './index.ts';
import { planted } from './mutant.ts';
import { root } from './plant.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seeds: { type: 'string', default: '400' },
    processes: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});

const chosen = mutants.filter(({ name }) => values.only === undefined || new RegExp(values.only).test(name));
for (const { patches } of chosen)
  for (const patch of patches) planted(readFileSync(join(root, patch.file), 'utf8'), patch.file, [patch]);
const unsound: Catch[] = [];
const control = await makeControl();
const caught = new Map<string, Catch | undefined>();

const waiting = chosen[Symbol.iterator]();
const oneHunter = async (): Promise<void> => {
  for (const mutant of waiting) {
    const found = await hunt(mutant, Number(values.seeds), async (seed) => {
      const failure = await control(seed);
      if (failure && !unsound.some((other) => other.seed === seed)) unsound.push(failure);
      return failure;
    });
    caught.set(mutant.name, found);
    if (!values.json) console.log(rowOf(mutant.name, found));
  }
};
const rowOf = (name: string, found: Catch | undefined): string =>
  `${name.padEnd(58)} ${found ? `${found.caughtBy} (${found.seed})` : 'NOT CAUGHT'}`;

await Promise.all(Array.from({ length: Number(values.processes) }, oneHunter));

const escaped = chosen.filter(({ name }) => caught.get(name) === undefined);
if (!values.json) {
  console.log('\n| mutant | breaks | caught by | seeds |\n|---|---|---|---|');
  for (const { name, breaks } of chosen) {
    const found = caught.get(name);
    console.log(`| ${name} | ${breaks} | ${found?.caughtBy ?? '**nobody**'} | ${found?.seed ?? `> ${values.seeds}`} |`);
  }
}
for (const { name } of escaped) console.error(`not caught: ${name}`);
for (const { seed, caughtBy, breach } of unsound)
  console.error(`without a bug seed ${seed} fails: ${caughtBy}: ${breach}`);
console.log(JSON.stringify({ mutants: chosen.length, caught: chosen.length - escaped.length }));
process.exitCode = escaped.length > 0 || unsound.length > 0 ? 1 : 0;
