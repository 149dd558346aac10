/** What a human is told when a convoy has landed: what changed, what it cost, and what is worth a look. From the record alone. */
import { roundedUsd } from '../costs/rounded.ts';
import { counted } from '../feed/words.ts';
import type { Bead } from './bead.ts';
import type { Convoy, ModelUse, Planning } from './convoy.ts';
import { mayorUsdOf, spentUsd } from './spending.ts';

export interface LandingReport {
  /** In the order of the plan. */
  readonly commits: readonly { readonly commit: string; readonly bead: string; readonly title: string }[];
  /** Of models: of the agents' over all attempts, and of the Mayor's calls. */
  readonly costUsd: number;
  /** The part of it that the Mayor's calls are. */
  readonly mayorUsd?: number;
  /** `costUsd` shared out among the beads that landed: those that did not cost something too. */
  readonly landedBeadUsd?: number;
  readonly attempts: number;
  /** What a model took to plan it. */
  readonly planning?: Pick<Planning, 'rounds' | 'inputTokens' | 'outputTokens'>;
  /** What a model took to read why beads of it failed. */
  readonly triage?: ModelUse;
  /** One line each: changes that came about in an unusual way, and what did not land. */
  readonly lookAt: readonly string[];
}

export function landingReport(
  convoy: Pick<Convoy, 'planning' | 'triage' | 'mayorUsd' | 'calls'>,
  beads: readonly Bead[],
): LandingReport {
  const { planning, triage } = convoy;
  const mayorUsd = mayorUsdOf(convoy);
  const costUsd = spentUsd(convoy, beads);
  const commits = beads.flatMap(({ resolves, commit, id: bead, title }) =>
    resolves !== undefined || commit === undefined ? [] : [{ commit, bead, title }],
  );
  return {
    commits,
    costUsd,
    ...(mayorUsd === 0 ? {} : { mayorUsd }),
    ...(commits.length === 0 ? {} : { landedBeadUsd: roundedUsd(costUsd / commits.length) }),
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
    ['', `${costLine(report)}${modelLine(report)}`].join('\n'),
    ...(report.lookAt.length > 0
      ? [['', 'Worth a look:', ...report.lookAt.map((line) => `- ${line}`)].join('\n')]
      : []),
  ].join('\n');
}

function costLine({ costUsd, mayorUsd = 0, landedBeadUsd = 0, attempts }: LandingReport): string {
  const parts = [
    ...(mayorUsd > 0 ? [`${mayorUsd.toFixed(2)} of it the Mayor's`] : []),
    ...(landedBeadUsd > 0 ? [`${landedBeadUsd.toFixed(2)} a landed bead`] : []),
  ];
  return [`Cost: ${costUsd.toFixed(2)} USD of models in ${counted(attempts, 'attempt')}`, ...parts]
    .join(', ')
    .concat('.');
}

/** What a model took to plan it, and to read why beads of it failed, as sentences to go on with; empty if it did neither. */
export function modelLine({ planning, triage }: Pick<LandingReport, 'planning' | 'triage'>): string {
  const planned = planning && { what: 'Planning', calls: planning.rounds, ...planning };
  return [planned, triage && { what: 'Triage', ...triage }]
    .flatMap((use) =>
      use
        ? [` ${use.what} took ${counted(use.calls, 'call')}, ${use.inputTokens} tokens in and ${use.outputTokens} out.`]
        : [],
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
  return attempt > 1 && last ? [`${who} took ${counted(attempt, 'attempt')}; the last trouble: ${last.cause}`] : [];
}
