/** What a human is told when a convoy has landed: what changed, what it cost, and what is worth a look. From the record alone. */
import type { Bead } from './bead.ts';
import type { Convoy } from './convoy.ts';

export function landingReport(convoy: Convoy, beads: readonly Bead[]): string {
  const planned = beads.filter((bead) => bead.resolves === undefined);
  const commits = planned.flatMap(({ commit, id, title }) =>
    commit === undefined ? [] : [`${commit.slice(0, 10)}  ${id}  ${title}`],
  );
  const looks = beads.flatMap(whatToLookAt);
  return [
    `Convoy ${convoy.id} on rig ${convoy.rig}: ${convoy.progress.landed} of ${convoy.progress.total} beads landed.`,
    ['', ...commits].join('\n'),
    ['', ...costLines(convoy, beads)].join('\n'),
    ...(looks.length > 0 ? [['', 'Worth a look:', ...looks.map((line) => `- ${line}`)].join('\n')] : []),
  ].join('\n');
}

function costLines({ planning }: Convoy, beads: readonly Bead[]): string[] {
  const usd = beads.reduce((sum, bead) => sum + bead.costUsd, 0);
  const attempts = beads.reduce((sum, bead) => sum + bead.attempt, 0);
  const planned = planning
    ? ` Planning took ${planning.rounds} calls, ${planning.inputTokens} tokens in and ${planning.outputTokens} out.`
    : '';
  return [`Cost: ${usd.toFixed(2)} USD of agents, in ${attempts} attempts.${planned}`];
}

/** A change that came about in an unusual way is the one to read. */
function whatToLookAt(bead: Bead): string[] {
  const { id, title, status, closedReason, resolves, notes, answer, attempt } = bead;
  const who = `${id} (${title})`;
  if (resolves) return closedReason === 'resolved' ? [`${resolves.bead} met a conflict, which ${id} resolved`] : [];
  if (status === 'cancelled') return [`${who} was cancelled`];
  if (closedReason === 'no_change') return [`${who} changed nothing`];
  if (closedReason === 'superseded') return [`${who} was superseded`];
  if (answer !== undefined) return [`${who} was built on an answer: ${answer.split('\n')[0]?.slice(0, 120)}`];
  const last = notes.at(-1);
  return attempt > 1 && last ? [`${who} took ${attempt} attempts; the last trouble: ${last.cause}`] : [];
}
