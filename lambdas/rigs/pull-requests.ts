/** What became of a pull request is told here, by its code host or by hand: whoever waits for it at a gate goes on. */
import { keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Instant, Ledger, PullRequestState } from '../../core/ports.ts';
import { hasEnded, isNews, namesOf, type PullRecord } from '../../core/rigs/pull-requests.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { recordOf, type Step, together, upsert } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { loadRig } from './load.ts';

export interface PullRequestReport extends PullRequestState {
  /** Its head branch, if that is in the repository itself. */
  readonly branch?: string | undefined;
  /** When its host said so: reports may arrive in another order. */
  readonly at?: Instant | undefined;
  readonly by: string;
}

/** Whether it was news. */
export const reportPullRequest = (deps: CommandDeps, rig: string, report: PullRequestReport): Promise<boolean> =>
  runCommand(deps, `pull request ${report.number} of ${rig}`, async (now) => {
    const { body } = await loadRig(deps.ledger, rig);
    const step = await takePullRequest(deps.ledger, body, report, now);
    return { step, result: step !== undefined };
  });

/** Nothing, if all of it was known, or is older than what is. */
export async function takePullRequest(
  ledger: Ledger,
  rig: Rig,
  { number, state, branch, at, by }: PullRequestReport,
  now: Instant,
): Promise<Step | undefined> {
  const told = { number, state };
  const steps = await Promise.all(
    namesOf(number, branch).map(async (name): Promise<Step | undefined> => {
      const key = keys.pullRequest(rig.name, name);
      const was = recordOf<PullRecord>(await ledger.get(key));
      if (!isNews(told, at, was?.body.told)) return undefined;
      const { awaitedBy = [] } = was?.body ?? {};
      const over = hasEnded(told);
      const toTell = awaitedBy.slice(0, limits.gatesToldPerPullRequestMax);
      const record: PullRecord = {
        told: { ...told, reportedAt: Math.min(at ?? now, now) },
        ...(over || awaitedBy.length === 0 ? {} : { awaitedBy }),
      };
      return {
        changes: [upsert(key, was, record, { expiresAt: now + limits.endedRequestKeptMs })],
        effects: over ? toTell.map((bead) => ({ do: 'open_gate', bead }) as const) : [],
      };
    }),
  );
  if (steps.every((step) => step === undefined)) return undefined;
  const text = `the pull request #${number} is ${state}`;
  return together(...steps, {
    changes: [],
    events: [{ kind: 'pull_request.reported', who: by, rig: rig.name, text }],
  });
}
