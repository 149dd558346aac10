/** What a human is told when a convoy has landed: what changed, what it cost, and what is worth a look. From the record alone. */
import { sumUsd } from '../costs/rounded.ts';
import type { Bead } from './bead.ts';
import type { Convoy, ModelUse, Planning } from './convoy.ts';

export interface LandingReport {
  /** In the order of the plan. */
  readonly commits: readonly { readonly commit: string; readonly bead: string; readonly title: string }[];
  /** Of agents' models, over all attempts. */
  readonly costUsd: number;
  readonly attempts: number;
  /** What a model took to plan it. */
  readonly planning?: Pick<Planning, 'rounds' | 'inputTokens' | 'outputTokens'>;
  /** What a model took to read why beads of it failed. */
  readonly triage?: ModelUse;
  /** One line each: changes that came about in an unusual way, and what did not land. */
  readonly lookAt: readonly string[];
}

export function landingReport(
  { planning, triage }: Pick<Convoy, 'planning' | 'triage'>,
  beads: readonly Bead[],
): LandingReport {
  return {
    commits: beads.flatMap(({ resolves, commit, id: bead, title }) =>
      resolves !== undefined || commit === undefined ? [] : [{ commit, bead, title }],
    ),
    costUsd: sumUsd(beads.map((bead) => bead.costUsd)),
    attempts: beads.reduce((sum, bead) => sum + bead.attempt, 0),
    ...(planning ? { planning } : {}),
    ...(triage ? { triage } : {}),
    lookAt: beads.flatMap(whatToLookAt),
  };
}

export function landingLetter(convoy: Convoy, beads: readonly Bead[]): string {
  const report = landingReport(convoy, beads);
  const commits = report.commits.map(({ commit, bead, title }) => `${commit.slice(0, 10)}  ${bead}  ${title}`);
  return [
    `Convoy ${convoy.id} on rig ${convoy.rig}: ${convoy.progress.landed} of ${convoy.progress.total} beads landed.`,
    ['', ...commits].join('\n'),
    ['', `Cost: ${report.costUsd.toFixed(2)} USD of agents, in ${report.attempts} attempts.${modelLine(report)}`].join(
      '\n',
    ),
    ...(report.lookAt.length > 0
      ? [['', 'Worth a look:', ...report.lookAt.map((line) => `- ${line}`)].join('\n')]
      : []),
  ].join('\n');
}

/** What a model took to plan it, and to read why beads of it failed, as sentences to go on with; empty if it did neither. */
export function modelLine({ planning, triage }: Pick<LandingReport, 'planning' | 'triage'>): string {
  const planned = planning && { what: 'Planning', calls: planning.rounds, ...planning };
  return [planned, triage && { what: 'Triage', ...triage }]
    .flatMap((use) =>
      use ? [` ${use.what} took ${use.calls} calls, ${use.inputTokens} tokens in and ${use.outputTokens} out.`] : [],
    )
    .join('');
}

/** A change that came about in an unusual way is the one to read. */
function whatToLookAt(bead: Bead): string[] {
  const { id, title, status, closedReason, resolves, notes, answer, attempt, triage, createdAt } = bead;
  const who = `${id} (${title})`;
  if (resolves) return closedReason === 'resolved' ? [`${resolves.bead} met a conflict, which ${id} resolved`] : [];
  if (status === 'cancelled') return [`${who} was cancelled`];
  if (closedReason === 'no_change') return [`${who} changed nothing`];
  if (closedReason === 'superseded') return [`${who} was superseded`];
  if (answer !== undefined) return [`${who} was built on an answer: ${answer.split('\n')[0]?.slice(0, 120)}`];
  const judged = triage?.decisions.filter(({ at }) => at > createdAt).at(-1);
  if (judged?.verdict === 'rewrite') return [`${who} was rewritten by the Mayor: ${judged.why}`];
  if (judged?.verdict === 'split') return [`${who} was split by the Mayor: ${judged.why}`];
  const last = notes.at(-1);
  return attempt > 1 && last ? [`${who} took ${attempt} attempts; the last trouble: ${last.cause}`] : [];
}
