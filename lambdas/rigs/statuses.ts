/** Any CI reports the status of a commit here: the laptop's code host, and every CI that is not the code host's own. */
import { groups, keys } from '../../core/keys.ts';
import type { CheckState, Oid } from '../../core/ports.ts';
import { recordOf, upsert } from '../../core/step.ts';
import { type CommandDeps, runCommand } from '../platform/command.ts';
import { targetsOf } from './commands.ts';
import { loadRig } from './load.ts';

export interface StatusReport {
  readonly commit: Oid;
  readonly name: string;
  readonly state: CheckState;
  readonly url?: string | undefined;
  readonly by: string;
}

/** The body of `CHECKS#<rig>#<commit> REPORTS`: the newest report of each check. */
export interface Checks {
  readonly reports: Readonly<
    Record<string, { readonly state: CheckState; readonly url?: string; readonly reportedAt: number }>
  >;
}

/** Unbounded names would grow one item without end. */
const checksPerCommitMax = 200;

export async function reportStatus(deps: CommandDeps, rig: string, report: StatusReport): Promise<Checks> {
  return runCommand(deps, 'report_status', async (now) => {
    const { body } = await loadRig(deps.ledger, rig);
    const key = keys.checks(rig, report.commit);
    const was = recordOf<Checks>(await deps.ledger.get(key));
    const told = { state: report.state, ...(report.url === undefined ? {} : { url: report.url }), reportedAt: now };
    const checks: Checks = { reports: newest({ ...was?.body.reports, [report.name]: told }) };
    const targets = await targetsOf(deps.ledger, body);
    const step = {
      changes: [upsert(key, was, checks)],
      effects: targets.map(
        (target) => ({ do: 'wake', queue: 'refinery', group: groups.refinery(rig, target) }) as const,
      ),
      events: [
        {
          kind: 'check.reported',
          who: report.by,
          rig,
          text: `${report.name} is ${report.state} on ${report.commit.slice(0, 8)}`,
        },
      ],
    };
    return { step, result: checks };
  });
}

const newest = (reports: Checks['reports']): Checks['reports'] =>
  Object.fromEntries(
    Object.entries(reports)
      .sort(([, a], [, b]) => b.reportedAt - a.reportedAt)
      .slice(0, checksPerCommitMax),
  );
