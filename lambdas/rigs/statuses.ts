/** Any CI reports the status of a commit here: the laptop's code host, and every CI that is not the code host's own. */
import { keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { CheckState, Instant, Ledger, Oid } from '../../core/ports.ts';
import type { Checks } from '../../core/rigs/checks.ts';
import type { Rig } from '../../core/rigs/rig.ts';
import { recordOf, upsert } from '../../core/step.ts';
import { type CommandDeps, type Decision, runCommand } from '../platform/command.ts';
import { targetsOf } from './commands.ts';
import { loadRig } from './load.ts';
import { queueWakes } from './wakes.ts';

export interface StatusReport {
  readonly commit: Oid;
  readonly name: string;
  readonly state: CheckState;
  readonly url?: string | undefined;
  /** When its CI said so, where that is known: reports may arrive in another order. */
  readonly at?: Instant | undefined;
  readonly by: string;
}

/** Unbounded names would grow one item without end. */
const checksPerCommitMax = 200;

export const reportStatus = (deps: CommandDeps, rig: string, report: StatusReport): Promise<Checks> =>
  runCommand(deps, 'report_status', async (now) => {
    const { body } = await loadRig(deps.ledger, rig);
    return takeStatus(deps.ledger, body, report, now);
  });

/** A report that is older than what is known of its check changes nothing. */
export async function takeStatus(
  ledger: Ledger,
  rig: Rig,
  report: StatusReport,
  now: Instant,
): Promise<Decision<Checks>> {
  const key = keys.checks(rig.name, report.commit);
  const was = recordOf<Checks>(await ledger.get(key));
  if (was && isLate(report, was.body.reports[report.name])) return { result: was.body };
  const told = {
    state: report.state,
    ...(report.url === undefined ? {} : { url: report.url }),
    reportedAt: Math.min(report.at ?? now, now),
  };
  const ended =
    report.state === 'pending' ? [] : (was?.body.awaitedBy ?? []).filter(({ check }) => check === report.name);
  const awaitedBy = (was?.body.awaitedBy ?? []).filter((one) => !ended.includes(one));
  const checks: Checks = {
    reports: newest({ ...was?.body.reports, [report.name]: told }),
    ...(awaitedBy.length === 0 ? {} : { awaitedBy }),
  };
  const step = {
    changes: [upsert(key, was, checks, { expiresAt: now + limits.endedRequestKeptMs })],
    effects: [
      ...queueWakes(rig.name, await targetsOf(ledger, rig)),
      ...ended.map(({ bead }) => ({ do: 'open_gate', bead }) as const),
    ],
    events: [
      {
        kind: 'check.reported',
        who: report.by,
        rig: rig.name,
        text: `${report.name} is ${report.state} on ${report.commit.slice(0, 8)}`,
      },
    ],
  };
  return { step, result: checks };
}

/**
 * CI's clocks tell seconds: what was begun and ended within one has ended, and of two ends within one the better counts
 * for nothing. A repeat is late too.
 */
function isLate({ at, state }: StatusReport, known: Checks['reports'][string] | undefined): boolean {
  if (at === undefined || known === undefined) return false;
  return at < known.reportedAt || (at === known.reportedAt && rank(state) <= rank(known.state));
}

const rank = (state: CheckState): number => (state === 'pending' ? 0 : state === 'success' ? 1 : 2);

const newest = (reports: Checks['reports']): Checks['reports'] =>
  Object.fromEntries(
    Object.entries(reports)
      .sort(([, a], [, b]) => b.reportedAt - a.reportedAt)
      .slice(0, checksPerCommitMax),
  );
