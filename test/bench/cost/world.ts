/**
 * Stands for git and for the tasks' processes, so that thousands of beads pass the town in minutes. It speaks the
 * harness's protocol to the real API: a claim, a beat at each change of state and one for every half minute that the
 * agent would have worked, its log, its report; a gate's claim, beat and verdict. Git is a map of refs.
 */
import { sha256 } from '../../../core/hash.ts';
import {
  type GateJob,
  harnessEnv,
  type PolecatJob,
  type Subject,
  subjectHeader,
} from '../../../core/polecats/protocol.ts';
import type { LaunchRequest, Oid, Repo } from '../../../core/ports.ts';
import type { LocalFleet } from '../../../local/fleet.ts';

const oidOf = (...parts: readonly string[]): Oid => sha256(JSON.stringify(parts)).slice(0, 40);
const zero = '0'.repeat(40);

/** A repository whose main moves only forward, by what the town pushes. */
class MapRepo implements Repo {
  readonly refs = new Map<string, Oid>([['refs/heads/main', zero]]);
  /** Place of each commit that main ever had. */
  readonly #mains = new Map<Oid, number>([[zero, 0]]);
  readonly #parents = new Map<Oid, Oid>();

  async readRef(_: unknown, ref: string): Promise<Oid | undefined> {
    return this.refs.get(ref);
  }

  async readRefs(_: unknown, refs: readonly string[]): Promise<ReadonlyMap<string, Oid>> {
    return new Map(refs.flatMap((ref) => (this.refs.has(ref) ? [[ref, this.refs.get(ref) ?? zero] as const] : [])));
  }

  async buildChain(...[, { base, links, candidateRef }]: Parameters<Repo['buildChain']>) {
    let head = base;
    const commits = links.map((link) => {
      const oid = oidOf(head, link.head);
      this.#parents.set(oid, head);
      head = oid;
      return { oid, tree: oidOf('tree', oid) };
    });
    this.refs.set(candidateRef, head);
    return { ok: true as const, commits, leftOut: [] };
  }

  async pushWithLease(...[, { ref, from, to }]: Parameters<Repo['pushWithLease']>) {
    if (this.refs.get(ref) !== from) return { pushed: 'stale' as const };
    this.refs.set(ref, to);
    const place = this.#mains.size;
    for (let at: Oid | undefined = to; at !== undefined && !this.#mains.has(at); at = this.#parents.get(at))
      this.#mains.set(at, place);
    return { pushed: 'yes' as const };
  }

  async isAncestor(_: unknown, ancestor: Oid, descendant: Oid): Promise<boolean | undefined> {
    const [older, newer] = [this.#mains.get(ancestor), this.#mains.get(descendant)];
    return older !== undefined && newer !== undefined && older <= newer;
  }

  async findCommit(): Promise<undefined> {}

  async containedIn() {
    return [];
  }

  async changedPaths(...[, { heads }]: Parameters<Repo['changedPaths']>) {
    return heads.map((head) => ({ paths: [head], more: false }));
  }

  async createBranch(...[, { ref, at }]: Parameters<Repo['createBranch']>) {
    this.refs.set(ref, at);
    return { pushed: 'yes' as const };
  }

  async conflictOf() {
    return { found: 'none' as const };
  }

  async inspectResolution(): Promise<undefined> {}

  async readTree(): Promise<undefined> {}

  async readFiles(): Promise<undefined> {}

  async recentCommits(): Promise<undefined> {}

  async deleteRefs(_: unknown, refs: readonly string[]): Promise<void> {
    for (const ref of refs) this.refs.delete(ref);
  }

  async probe() {
    return { defaultBranch: 'main', head: zero };
  }
}

interface WorldOptions {
  /** Beats that time alone sends. */
  readonly beats: number;
}

export function makeWorld(apiUrl: () => string, { beats }: WorldOptions) {
  const repo = new MapRepo();
  const states = new Map<string, 'running' | 'stopped'>();

  const work = async ({ environment }: LaunchRequest): Promise<void> => {
    const text = environment[harnessEnv.subject] ?? '';
    const subject = JSON.parse(text) as Subject;
    const call = caller(apiUrl(), environment[harnessEnv.token] ?? '', text);
    const beat = (state: string, step: string, outputBytes: number) =>
      call('POST', 'beat', { subject, state, step, costUsd: 0, outputBytes, tail: '', logChunks: [] });
    if (subject.kind === 'gate') {
      const { commit, gates } = await call<GateJob>('POST', 'claim', { subject });
      await beat('checking', gates[0]?.name ?? '', 0);
      const passed = gates.map(({ name }) => ({ name, exitCode: 0, ms: 1, detail: '' }));
      await call('POST', 'verdict', { subject, result: 'passed', commit, gates: passed });
      return;
    }
    const job = await call<PolecatJob>('POST', 'claim', { subject });
    await beat('working', 'agent', 0);
    for (let i = 1; i <= beats; i += 1) await beat('working', 'agent', 100 * i);
    const head = oidOf(job.branch, job.bead, String(job.attempt));
    repo.refs.set(`refs/heads/${job.branch}`, head);
    await beat('pushing', job.branch, 100 * beats);
    const { hash } = await call<{ hash: string }>('PUT', 'blobs', `log of ${job.bead}\n`);
    const report = { subject, status: 'completed', head, costUsd: 0, agentMs: 1, log: [hash], tail: '' };
    await call('POST', 'report', report);
  };

  const stopped: ((taskId: string, detail: string) => void)[] = [];
  const fleet: LocalFleet = {
    async launch(request) {
      const taskId = oidOf(request.clientToken).slice(0, 32);
      if (states.has(taskId)) return { ok: true, taskId };
      states.set(taskId, 'running');
      setTimeout(() => {
        void work(request)
          .then(
            () => 'ended',
            (error: unknown) => String(error),
          )
          .then((detail) => {
            states.set(taskId, 'stopped');
            for (const listener of stopped) listener(taskId, detail);
          });
      });
      return { ok: true, taskId };
    },
    stop: async () => undefined,
    list: async (taskIds) => taskIds.map((taskId) => ({ taskId, state: states.get(taskId) ?? 'absent' })),
    onStopped: (listener) => void stopped.push(listener),
    killOrphans: async () => 0,
    close: async () => undefined,
  };
  return { fleet, repo, close: () => undefined };
}

const caller =
  (api: string, token: string, subject: string) =>
  async <Answer>(method: 'POST' | 'PUT', path: string, body: object | string): Promise<Answer> => {
    const answer = await fetch(`${api}/v1/polecat/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': typeof body === 'string' ? 'application/octet-stream' : 'application/json',
        [subjectHeader]: subject,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  };
