/** A stage with one rig and one bead, and a town that answers as it is told: for tests of the actors alone. */
import type { GateJob, PolecatJob } from '../../../core/polecats/protocol.ts';
import { Origin, write } from '../git/origin.ts';
import { makeFaults, noFaults } from '../kernel/faults.ts';
import { makeRandom } from '../kernel/random.ts';
import type { BeadPlan, CiPlan, RigPlan, Scenario } from '../kernel/scenario.ts';
import { Scheduler } from '../kernel/scheduler.ts';
import type { ApiAnswer, ApiRequest, RefMoved, Stage } from '../kernel/stage.ts';

const start = Date.UTC(2030, 0, 1);
const url = '/rigs/gh';
const founder = { name: 'Founder', email: 'founder@gastown.invalid', at: start };
const silent: CiPlan = { flakes: 0, infra: 0, lost: 0, duplicate: 0, contradicts: 0, slowMs: 60_000 };

interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Town = (request: ApiRequest) => ApiAnswer['body'];

export function makeStage(options: { seed?: number; bead?: Partial<BeadPlan>; ci?: Partial<CiPlan>; town: Town }) {
  const scheduler = new Scheduler(makeRandom('order'), start);
  const faults = makeFaults(noFaults, makeRandom('faults'), () => undefined);
  const origin = new Origin();
  const first = write({ parents: [], files: { README: 'first\n' }, author: founder, message: 'First\n' });
  origin.push({ ref: 'refs/heads/main', to: first });
  const bead: BeadPlan = { name: 'b1', needs: [], priority: 2, manners: ['good'], writes: ['src/a'], ...options.bead };
  const rig: Omit<RigPlan, 'ci'> = {
    name: 'greenhouse',
    prefix: 'gh',
    url,
    strategy: 'squash',
    gates: true,
    requireCi: true,
    polecatsMax: 1,
    settings: {},
  };
  const scenario: Scenario = {
    seed: 1,
    rigs: [{ ...rig, ci: { ...silent, ...options.ci } }],
    convoys: [{ name: 'c1', rig: 'greenhouse', submittedAt: 0, beads: [bead] }],
    commands: [],
    faults: noFaults,
    polecatsPerTown: 1,
    hasModel: false,
    faultsForMs: 0,
  };
  const asked: Asked[] = [];
  const listeners: ((moved: RefMoved) => void)[] = [];
  const stage: Stage = {
    scenario,
    scheduler,
    faults,
    git: {
      origins: new Map([[url, origin]]),
      origin: () => origin,
      onMoved: (listener) => void listeners.push(listener),
    },
    random: (name) => makeRandom(`${options.seed ?? 1} ${name}`),
    clock: () => ({ now: () => scheduler.now, sleep: async () => undefined }),
    api: (actor, request) =>
      scheduler.call(actor, request.path, () => {
        asked.push({ path: request.path, body: request.body as Asked['body'] });
        return { status: 200, body: options.town(request) };
      }),
    tell: () => undefined,
  };
  return {
    ...{ stage, scheduler, origin, first, asked },
    push(ref: string, files: Readonly<Record<string, string>>) {
      const to = write({ parents: [first], files, author: founder, message: 'A candidate\n' });
      const from = origin.at(ref);
      origin.push({ ref, to, lease: 'any' });
      for (const listener of listeners) listener({ url, ref, from, to, forced: true });
      return to;
    },
    /** Until nobody waits for anything. */
    async rest() {
      for (let steps = 0; steps < 10_000; steps += 1) if (!(await scheduler.step())) return;
      throw new Error('the actors come to no rest');
    },
  };
}

export const polecatJob: PolecatJob = {
  kind: 'polecat',
  bead: 'gh-abc123-1',
  attempt: 1,
  polecat: 'Toast',
  rig: 'green',
  remoteUrl: url,
  branch: 'polecat/Toast/gh-abc123-1@1',
  startFrom: 'main',
  target: 'main',
  author: { name: 'Toast', email: 'toast@polecats.gastown.invalid' },
  commitMessage: 'Do b1\n\nBead: gh-abc123-1\nAttempt: 1\n',
  agent: ['sh'],
  prompt: '',
  script: null,
  timeoutMs: 3_600_000,
  beatEveryMs: 30_000,
  allowsNoChange: false,
  budgetUsd: 0,
};

export const gateJob = (commit: string): GateJob => ({
  kind: 'gate',
  remoteUrl: url,
  ref: 'refs/gastown/greenhouse/c1',
  commit,
  gates: [{ name: 'test', command: 'npm test', timeoutMs: 600_000 }],
  beatEveryMs: 30_000,
});
