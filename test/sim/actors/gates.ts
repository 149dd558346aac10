/**
 * The gates at which a modelled polecat stops, and the world outside that opens them: checks and pull requests that end well,
 * badly or never, told early, late, twice, out of order, or not at all.
 */
import { Unavailable } from '../../../core/errors.ts';
import type { PolecatJob } from '../../../core/polecats/protocol.ts';
import type { Oid } from '../../../core/ports.ts';
import { Actor } from '../kernel/actor.ts';
import type { Random } from '../kernel/random.ts';
import type { Stage } from '../kernel/stage.ts';
import type { Task } from './task.ts';

const minutes = 60_000;
const check = 'lint';
const sendTriesMax = 4;
const sendRestMs = 5_000;

type Gate =
  | { readonly gate: 'bead'; readonly bead: string; readonly minutes: number }
  | { readonly gate: 'ci'; readonly check: string; readonly minutes: number }
  | { readonly gate: 'pr'; readonly pr: string; readonly minutes: number };

/** Nothing: it stops for a while, or for a human, as most do. */
export function stopAtGate({ stage, actor }: Task, job: PolecatJob, head: Oid | undefined): Gate | undefined {
  const random = stage.random(`gate of ${actor.name}`);
  const rig = stage.scenario.rigs.find(({ url }) => url === job.remoteUrl)?.name;
  const atMost = random.between(10, 180);
  switch (random.pick(['none', 'bead', 'ci', 'pr', 'pr'] as const)) {
    case 'none':
      return undefined;
    case 'bead': {
      // Itself, one that there is not, one that needs it: all of them are possible.
      const convoy = job.bead.replace(/\d+$/, '');
      return { gate: 'bead', bead: `${convoy}${random.between(1, 6)}`, minutes: atMost };
    }
    case 'ci':
      if (rig !== undefined && head !== undefined)
        outside(stage, `check of ${actor.name}`, checkReports(rig, head, random));
      return { gate: 'ci', check, minutes: atMost };
    case 'pr': {
      const number = random.between(1, 1e6);
      const branch = `fix-${number}`;
      if (rig !== undefined) outside(stage, `reviewers of ${actor.name}`, pullReports(rig, number, branch, random));
      return { gate: 'pr', pr: random.pick([String(number), `#${number}`, branch]), minutes: atMost };
    }
  }
}

/** What is told, and how long after the last word. */
interface Told {
  readonly afterMs: number;
  readonly path: string;
  readonly body: object;
}

function checkReports(rig: string, commit: Oid, random: Random): Told[] {
  const told = (state: string): Told => ({
    afterMs: random.between(0, 20) * minutes,
    path: `/v1/rigs/${rig}/statuses`,
    body: { commit, name: check, state },
  });
  const end = random.pick(['success', 'success', 'failure', 'error', 'cancelled']);
  return mixed(told('pending'), told(end), random);
}

function pullReports(rig: string, number: number, branch: string, random: Random): Told[] {
  const told = (state: string, of = number, from = branch): Told => ({
    afterMs: random.between(0, 20) * minutes,
    path: `/v1/rigs/${rig}/pull-requests`,
    body: { number: of, state, branch: from },
  });
  const end = random.pick(['merged', 'merged', 'merged', 'closed']);
  // A branch has another one meanwhile: what became of the first is not what its waiters ask.
  const newer = random.chance(0.2) ? [told('open', number + 1), told('merged', number + 1)] : [];
  // And another's branch is called like its number.
  const namesake = random.chance(0.2) ? [told('merged', number + 2, String(number))] : [];
  return [...namesake, ...mixed(told('open'), told(end), random), ...newer];
}

/** Lost at the start, at the end, or both; said twice; and what was first, last. */
function mixed(first: Told, end: Told, random: Random): Told[] {
  return [
    ...(random.chance(0.5) ? [first] : []),
    ...(random.chance(0.8) ? [end] : []),
    ...(random.chance(0.3) ? [end] : []),
    ...(random.chance(0.2) ? [first] : []),
    ...(random.chance(0.2) ? [end] : []),
  ];
}

function outside(stage: Stage, name: string, tolds: readonly Told[]): void {
  const actor = new Actor(name);
  void stage.scheduler.run(actor, async () => {
    for (const { afterMs, path, body } of tolds) {
      await stage.scheduler.sleep(actor, afterMs);
      await tell(stage, actor, path, body);
    }
  });
}

async function tell(stage: Stage, actor: Actor, path: string, body: object): Promise<void> {
  for (let tries = 1; tries <= sendTriesMax; tries += 1) {
    try {
      if ((await stage.api(actor, { method: 'POST', path, body })).status < 500) return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
    await stage.scheduler.sleep(actor, sendRestMs);
  }
}
