/** The state-machine files that CDK deploys, parsed once a process; their time and ids are those of the current world. */
import { readFileSync } from 'node:fs';
import type { Clock, Ids } from '../../../core/ports.ts';
import { machines as files } from '../../../core/wiring.ts';
import { machineSubstitutions } from '../../../local/functions.ts';
import { loadMachine } from '../../../local/states/load.ts';
import type { Machine } from '../../../local/states/machine.ts';

interface Sources {
  readonly clock: Clock;
  readonly ids: Ids;
}

const definitions = Object.entries(files).map(([name, { definition }]) => {
  const text = readFileSync(new URL(`../../../${definition}`, import.meta.url), 'utf8');
  return [name, text] as const;
});
let current: Sources | undefined;
let loaded: Readonly<Record<string, Machine>> | undefined;

function now(): Sources {
  if (!current) throw new Error('BUG: an expression without a world');
  return current;
}

const delegates: Sources = {
  clock: { now: () => now().clock.now(), sleep: (ms, cancel) => now().clock.sleep(ms, cancel) },
  ids: { ulid: () => now().ids.ulid(), secret: () => now().ids.secret(), random: () => now().ids.random() },
};

export function machinesFor(sources: Sources): Readonly<Record<string, Machine>> {
  current = sources;
  loaded ??= Object.fromEntries(
    definitions.map(([name, text]) => [
      name,
      loadMachine(name, text, { ...delegates, substitutions: machineSubstitutions }),
    ]),
  );
  return loaded;
}
