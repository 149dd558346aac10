/** A Refinery on a real repository and the laptop's ledger. The fleet is scripted; the test plays the effects function. */
import { join } from 'node:path';
import type { Bead, Outcome } from '../../../core/convoys/bead.ts';
import { settleBead } from '../../../core/convoys/settle.ts';
import type { Effect, EffectRecord } from '../../../core/effects.ts';
import { type Escalation, escalationId } from '../../../core/escalations/escalation.ts';
import { groups, keys, kindOf, partitions, prefixes } from '../../../core/keys.ts';
import type { GateJob, Verdict } from '../../../core/polecats/protocol.ts';
import type {
  Check,
  CodeHost,
  Fleet,
  Instant,
  Item,
  LaunchRequest,
  Oid,
  PullRequests,
  Repo,
  TaskState,
} from '../../../core/ports.ts';
import type { Candidate, Landing, MergeRequest, Queue } from '../../../core/refinery/records.ts';
import { submitMergeRequest } from '../../../core/refinery/submit.ts';
import type { Rig } from '../../../core/rigs/rig.ts';
import { asJson, create, recordOf, replace, toCommit, together, upsert } from '../../../core/step.ts';
import { makeGitRepo } from '../../../git/repo.ts';
import { makeLaunchGate } from '../../../lambdas/refinery/launch-gate.ts';
import { makeHandler, type RefineryDeps } from '../../../lambdas/refinery/refinery.ts';
import { acceptVerdict, claimGate } from '../../../lambdas/refinery/verdict.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { convoyOf } from '../../core/fixtures.ts';
import { makeTestRig, type TestRig } from '../../git/rig.ts';

export type GateAnswer = Partial<Pick<Verdict, 'result' | 'gates' | 'commit'>> | 'silent';

export interface Submitted {
  readonly bead: string;
  readonly branch: string;
  readonly head: Oid;
  readonly seq: string;
}

interface Settled {
  readonly bead: string;
  readonly attempt: number;
  readonly outcome: Outcome;
}

const target = 'main';
const rigName = 'green';
const gatePassed = { name: 'test', exitCode: 0, ms: 5, detail: '' };

class Crash extends Error {}

export async function openWorld(options: { settings?: Rig['settings'] } = {}) {
  const rig: TestRig = makeTestRig(rigName);
  let time: Instant = Date.UTC(2030, 0, 1);
  const clock = {
    now: () => time,
    sleep: async (ms: number) => {
      time += Math.ceil(ms);
    },
  };
  const ids = realIds(clock);
  const ledger = await openLedger({ clock });
  const realRepo = makeGitRepo({ cacheDir: join(rig.dir, 'cache'), clock });

  const effects: Effect[] = [];
  const launches: LaunchRequest[] = [];
  const settled: Settled[] = [];
  const notified: string[] = [];
  const stopped: string[] = [];
  const tasks = new Map<string, TaskState['state']>();
  const logged: string[] = [];
  let commits = 0;
  ledger.onCommitted((put) => {
    commits += 1;
    for (const item of put as unknown as Item<EffectRecord>[]) {
      if (kindOf(item) === 'effect' && item.version === 1) effects.push(item.body.effect);
    }
  });

  /** Every call of the handler's ports that can change the world, counted; the process may die after any of them. */
  const crash = { calls: 0, after: -1, dead: false, deaths: 0 };
  const counted =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (crash.dead) throw new Crash('dead');
      const result = await call(...args);
      crash.calls += 1;
      if (crash.calls === crash.after) {
        crash.dead = true;
        crash.deaths += 1;
      }
      if (crash.dead) throw new Crash('dead');
      return result;
    };

  const hooks: {
    repo: Partial<Repo>;
    checks: Check[];
    checksOf?: (commit: Oid) => Check[];
    /** In place of the scripted one. */
    codeHost?: CodeHost;
    pullRequests?: PullRequests;
    required: string[] | undefined;
    gate: (job: GateJob) => GateAnswer;
    /** What tells beads how their changes ended is late. */
    beadsAreDeaf?: boolean;
  } = {
    repo: {},
    checks: [],
    required: undefined,
    gate: () => ({}),
  };
  const through = <K extends keyof Repo>(name: K): Repo[K] =>
    counted(((...args: Parameters<Repo[K]>) =>
      ((hooks.repo[name] ?? realRepo[name]) as (...a: unknown[]) => Promise<unknown>)(
        ...args,
      )) as never) as unknown as Repo[K];
  const repo: Repo = {
    readRef: through('readRef'),
    readRefs: through('readRefs'),
    buildChain: through('buildChain'),
    pushWithLease: through('pushWithLease'),
    isAncestor: through('isAncestor'),
    createBranch: through('createBranch'),
    findCommit: through('findCommit'),
    containedIn: through('containedIn'),
    changedPaths: through('changedPaths'),
    conflictOf: through('conflictOf'),
    inspectResolution: through('inspectResolution'),
    readTree: through('readTree'),
    readFiles: through('readFiles'),
    recentCommits: through('recentCommits'),
    deleteRefs: through('deleteRefs'),
    probe: through('probe'),
  };
  const fleet: Fleet = {
    launch: async (request) => {
      launches.push(request);
      const taskId = `task-${launches.length}`;
      tasks.set(taskId, 'running');
      return { ok: true, taskId };
    },
    stop: async (taskId) => {
      stopped.push(taskId);
      tasks.set(taskId, 'stopped');
    },
    list: async (asked) => asked.map((taskId) => ({ taskId, state: tasks.get(taskId) ?? 'absent' })),
  };
  const codeHost: CodeHost = {
    checks: async (remote, commit) =>
      hooks.codeHost ? hooks.codeHost.checks(remote, commit) : (hooks.checksOf?.(commit) ?? hooks.checks),
    requiredChecks: async () => hooks.required,
    gitCredential: async () => undefined,
    get pullRequests() {
      return hooks.pullRequests;
    },
  } as CodeHost;
  const log: RefineryDeps['log'] = (level, message, fields) => {
    logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  const deps: RefineryDeps = {
    ledger: { get: ledger.get, query: ledger.query, due: ledger.due, commit: counted(ledger.commit) },
    repo,
    fleet,
    codeHost,
    clock,
    ids,
    log,
  };
  const handler = makeHandler(deps);
  const plain = { ledger, clock, ids };
  const launch = makeLaunchGate({
    ...plain,
    fleet,
    log,
    apiUrl: () => 'http://127.0.0.1:1',
    secretOf: (subject) => `secret of ${subject}`,
  });

  rig.commit('main', { 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'b\n' });
  const config: Rig = {
    name: rigName,
    prefix: 'gr',
    url: rig.remote.url,
    defaultBranch: target,
    settings: options.settings ?? { 'refinery.gates.test': 'npm test' },
    addedAt: time,
  };
  await ledger.commit({
    id: ids.ulid(),
    changes: [
      create(keys.rig(rigName), config),
      create(keys.convoy('abc123'), convoyOf({ id: 'abc123', rig: rigName }).body),
    ],
  });

  const one = async <Body>(key: Parameters<typeof ledger.get>[0]) => recordOf<Body>(await ledger.get(key))?.body;
  const all = async <Body>(prefix: string) =>
    (await ledger.query(partitions.queue(rigName, target), { prefix })).items.flatMap(
      (item) => recordOf<Body>(item)?.body ?? [],
    );
  const rest = () => new Promise((resolve) => setImmediate(resolve));

  const world = {
    rig,
    target,
    ledger,
    deps,
    plain,
    hooks,
    crash,
    launches,
    settled,
    notified,
    stopped,
    tasks,
    logged,
    effects,
    launch,
    commits: () => commits,
    pass: (ms: number) => {
      time += Math.ceil(ms);
    },
    queue: () => one<Queue>(keys.queue(rigName, target)),
    meta: () => ledger.get(keys.queue(rigName, target)),
    bead: (id: string) => one<Bead>(keys.bead(id)),
    requests: () => all<MergeRequest>(prefixes.mergeRequests),
    ended: () => all<MergeRequest>(prefixes.endedMergeRequests),
    candidates: () => all<Candidate>(prefixes.candidates),
    landings: () => all<Landing>(prefixes.landings),
    async escalations(): Promise<readonly Escalation[]> {
      const open = await ledger.query(partitions.openEscalations);
      const found = await Promise.all(open.items.map((item) => one<Escalation>(keys.escalation(item.sk))));
      return found.flatMap((escalation) => escalation ?? []);
    },
    escalation: (cause: string) => one<Escalation>(keys.escalation(escalationId(cause))),
    async configure(settings: Rig['settings']) {
      const was = await ledger.get(keys.rig(rigName));
      if (was) await ledger.commit({ id: ids.ulid(), changes: [replace(was, { ...config, settings })] });
    },

    async cancelBead(id: string) {
      const was = recordOf<Bead>(await ledger.get(keys.bead(id)));
      if (!was) throw new Error(`no bead ${id}`);
      const request = recordOf<MergeRequest>(
        await ledger.get(keys.mergeRequest(rigName, target, was.body.mergeRequest ?? '')),
      );
      const withdrawn =
        request && replace(request, { ...request.body, state: 'withdrawn', because: 'cancelled', endedAt: time });
      await ledger.commit({
        id: ids.ulid(),
        changes: [replace(was, { ...was.body, status: 'cancelled' }), ...(withdrawn ? [withdrawn] : [])],
      });
    },
    async stopTown(stopped: boolean) {
      const was = await ledger.get(keys.estop());
      const body = { stopped, by: 'ada', because: 'a test', at: time };
      await ledger.commit({ id: ids.ulid(), changes: [upsert(keys.estop(), was, body)] });
    },

    /** A bead whose polecat has pushed a branch, submitted as the molecule does it. */
    async submit(
      n: number,
      files: Readonly<Record<string, string | null>>,
      more: { priority?: number; from?: string; landsConvoy?: true } = {},
    ): Promise<Submitted> {
      const id = `gr-abc123-${n}`;
      const branch = `polecat/Toast/${id}@1`;
      const head = rig.commit(branch, files, { from: more.from ?? 'main' });
      const seq = ids.ulid();
      const made = beadOf(id, n, { branch, head, seq, now: time, priority: more.priority ?? 2 });
      const bead: Bead = more.landsConvoy ? { ...made, landsConvoy: true } : made;
      const step = together(
        { changes: [create(keys.bead(id), bead)] },
        submitMergeRequest({ bead, head, convoyCreatedAt: time, seq, now: time }),
      );
      await ledger.commit(toCommit(step, ids.ulid(), time));
      time += 1;
      return { bead: id, branch, head, seq };
    },

    /** The next attempt of a bead whose change has left the queue. */
    async resubmit({ bead: id }: Submitted, files: Readonly<Record<string, string | null>>): Promise<Submitted> {
      const was = recordOf<Bead>(await ledger.get(keys.bead(id)));
      if (!was) throw new Error(`no bead ${id}`);
      const { outcome: _, ...before } = was.body;
      const attempt = before.attempt + 1;
      const branch = `polecat/Toast/${id}@${attempt}`;
      const head = rig.commit(branch, files, { from: 'main' });
      const seq = ids.ulid();
      const bead: Bead = { ...before, attempt, branch, head, mergeRequest: seq };
      const step = together(
        { changes: [replace(was, bead)] },
        submitMergeRequest({ bead, head, convoyCreatedAt: time, seq, now: time }),
      );
      await ledger.commit(toCommit(step, ids.ulid(), time));
      time += 1;
      return { bead: id, branch, head, seq };
    },

    async tick() {
      crash.dead = false;
      const result = await handler({
        Records: [
          {
            messageId: 'm',
            body: JSON.stringify({ group: groups.refinery(rigName, target) }),
            attributes: { ApproximateReceiveCount: '1' },
          },
        ],
      });
      crash.dead = false;
      return result;
    },

    /** Performs what the commits asked for, until nothing is asked any more. */
    async run() {
      for (;;) {
        await rest();
        const effect = effects.shift();
        if (!effect) return;
        await perform(effect);
      }
    },

    /** Lets minutes pass, as the Witness sees them, until nothing is open. */
    async settle(minutes = 30) {
      await world.run();
      for (let i = 0; i < minutes; i += 1) {
        if ((await world.requests()).length === 0 && (await world.candidates()).length === 0) return;
        time += 60_000;
        await world.tick();
        await world.run();
      }
    },

    verdict: (job: { candidate: string; gateRun: number }, more: Partial<Omit<Verdict, 'subject'>> & { commit: Oid }) =>
      acceptVerdict(plain, {
        subject: { kind: 'gate', rig: rigName, target, candidate: job.candidate, gateRun: job.gateRun } as const,
        result: 'passed',
        gates: [gatePassed],
        ...more,
      }),
    claim: (job: { candidate: string; gateRun: number }) =>
      claimGate(plain, { kind: 'gate', rig: rigName, target, candidate: job.candidate, gateRun: job.gateRun }),

    async close() {
      await ledger.close();
      rig.remove();
    },
  };

  async function perform(effect: Effect): Promise<void> {
    switch (effect.do) {
      case 'wake':
        await world.tick();
        return;
      case 'launch_gate': {
        await launch(effect);
        const job = await world.claim(effect);
        if ('superseded' in job) return;
        const answer = hooks.gate(job);
        if (answer === 'silent') return;
        await world.verdict(effect, { commit: job.commit, ...answer });
        return;
      }
      case 'stop_task':
        await fleet.stop(effect.taskId, effect.reason);
        return;
      case 'notify':
        notified.push(effect.subject);
        return;
      case 'settle_bead': {
        settled.push({ bead: effect.bead, attempt: effect.attempt, outcome: effect.outcome });
        if (hooks.beadsAreDeaf) return;
        const was = recordOf<Bead>(await ledger.get(keys.bead(effect.bead)));
        const step = was && settleBead(was, effect, { capacity: undefined, budget: undefined }, time);
        if (step) await ledger.commit({ id: ids.ulid(), changes: step.changes });
        return;
      }
      default:
    }
  }
  return world;
}

export type World = Awaited<ReturnType<typeof openWorld>>;

/** A gate that fails on every commit whose tree has the file `broken`. */
export const failsOnBroken =
  (world: World) =>
  (job: GateJob): GateAnswer =>
    world.rig.git('ls-tree', '--name-only', job.commit).split('\n').includes('broken')
      ? { result: 'failed', gates: [{ name: 'test', exitCode: 3, ms: 5, detail: 'broken' }] }
      : {};

function beadOf(
  id: string,
  n: number,
  more: { branch: string; head: Oid; seq: string; now: Instant; priority: number },
): Bead {
  return asJson({
    id,
    rig: rigName,
    convoy: 'abc123',
    n,
    name: `b${n}`,
    title: `Change number ${n}`,
    type: 'task',
    priority: more.priority,
    labels: [],
    needs: [],
    runtime: 'shell',
    formula: 'polecat-work',
    budgetUsd: 0,
    costUsd: 0,
    status: 'submitted',
    blockedBy: [],
    blockedForGood: false,
    attempt: 1,
    polecat: 'Toast',
    branch: more.branch,
    head: more.head,
    run: 1,
    mergeRequest: more.seq,
    target,
    failures: 0,
    respawns: 0,
    infraDeaths: 0,
    notes: [],
    createdAt: more.now,
    submittedAt: more.now,
    spent: { agentMs: 0, gateMs: 0, backoffMs: 0 },
  }) as unknown as Bead;
}
