/** What the town asks of a repository beside its chains. */
import type { ConflictReport, Remote, Repo } from '../../../core/ports.ts';
import type { Random } from '../kernel/random.ts';
import type { Commit } from './objects.ts';

export type Question = (repo: Repo, remote: Remote) => Promise<unknown>;

export interface Asked {
  readonly main: Commit;
  /** Main as it was. */
  readonly old: Commit;
  readonly landing: Commit;
  /** Any two. */
  readonly one: Commit;
  readonly other: Commit;
}

/** The landing first. */
export function questionsOf(random: Random, name: string, asked: Asked, heads: readonly Commit[]): Question[] {
  const { main, old, landing, one, other } = asked;
  const [base, head] = [main.oid, one.oid];
  const from = random.chance(0.2) ? old.oid : base;
  const push = { ref: `refs/heads/${name}/main`, from, to: landing.oid, timeoutMs: 60_000 };
  const oids = heads.map(({ oid }) => oid);
  const branch = { ref: `refs/heads/integration/${convoyOf(name)}`, at: other.oid, timeoutMs: 60_000 };
  const nowhere = '0123456789'.repeat(4);
  const trailers = { Bead: `${name}-${random.pick(['a', 'b'])}` };
  return [
    (repo, remote) => repo.pushWithLease(remote, push),
    (repo, remote) => repo.isAncestor(remote, other.oid, base),
    (repo, remote) => repo.findCommit(remote, landing.oid, trailers),
    (repo, remote) => repo.deleteRefs(remote, [`refs/heads/polecat/${name}/c`, `refs/gastown/${name}/0`]),
    (repo, remote) => repo.createBranch(remote, branch),
    (repo, remote) => repo.containedIn(remote, { base, head, others: [...oids, nowhere, old.oid] }),
    (repo, remote) => repo.changedPaths(remote, { base, heads: [...oids, nowhere] }),
    async (repo, remote) => withoutTexts(await repo.conflictOf(remote, { base, head })),
    (repo, remote) => repo.inspectResolution(remote, { base: old.oid, head, resolved: other.oid }),
    (repo, remote) => repo.readTree(remote, head),
    (repo, remote) => repo.readFiles(remote, { commit: head, paths: ['a', 'b', 'src/a', 'nowhere'] }),
    (repo, remote) => repo.recentCommits(remote, { from: other.oid, max: 3 }),
  ];
}

/** A convoy's id of this history. */
const convoyOf = (name: string): string => name.replace(/\D/g, '').padStart(6, '0').slice(-6);

/** The model tells what is in dispute in its own words. */
function withoutTexts(report: ConflictReport): unknown {
  if (report.found !== 'conflict') return report;
  const { baseDiff, headDiff, ...rest } = report;
  return { ...rest, baseDiff: baseDiff !== '', headDiff: headDiff !== '' };
}
