/**
 * When the ladder is at its end the Mayor reads why, before a human has to: the case is opened here, in the bead's own
 * record, and stays open until it is decided. What is decided is in core/intents/mayor-triage.
 */
import { type Bead, type FailureCause, leftOfBudget, type Triage } from '../convoys/bead.ts';
import { limits } from '../limits.ts';
import { agentOf } from '../polecats/runtime.ts';
import type { Instant } from '../ports.ts';
import type { RigConfig } from '../rigs/rig.ts';

const noTriage: Triage = { count: 0, decisions: [] };

/** No words of the Mayor's could mend these. */
const notOfItsText: ReadonlySet<FailureCause> = new Set(['budget', 'infrastructure', 'red_main']);

/** A resolver's ladder is its merge request's, and what lands a convoy has no text that anybody wrote. */
export function mayBeTriaged(bead: Bead, cause: FailureCause, config: RigConfig): boolean {
  if (bead.resolves || bead.landsConvoy || notOfItsText.has(cause)) return false;
  if ((bead.triage?.count ?? 0) >= limits.triagesMax) return false;
  return readsPrompt(bead, config) && (bead.budgetUsd === 0 || leftOfBudget(bead) > 0);
}

/** An agent that runs the bead's script would not notice another text. */
function readsPrompt(bead: Bead, config: RigConfig): boolean {
  const agent = agentOf({ ...bead, failures: 0 }, config);
  if (agent === undefined || agent.runtime === 'shell') return false;
  return agent.runtime !== 'command' || !config['agent.command'].includes('{script}');
}

export function withCase({ triage = noTriage, ...bead }: Bead, because: string, now: Instant): Bead {
  const { restUntil: _, ...kept } = bead;
  const open = { since: now, because, rounds: 0, misses: 0 };
  return { ...kept, status: 'open', triage: { ...triage, count: triage.count + 1, open } };
}

/** Whatever the Mayor says of it now is not heard any more. */
export function withoutCase({ triage, ...bead }: Bead): Bead {
  if (!triage) return bead;
  const { open: _, ...closed } = triage;
  return { ...bead, triage: closed };
}

export const isBeforeMayor = ({ status, triage, outcome }: Bead): boolean =>
  status === 'open' && outcome === undefined && triage?.open !== undefined;

const done = { rewrite: 'rewrote it', split: 'split it', ask: 'asked', give_up: 'gave it up' } as const;

/** For the human who hears of the bead next. */
export function triageStory({ triage }: Bead): string {
  const decisions = triage?.decisions ?? [];
  if (decisions.length === 0) return '';
  return ` The Mayor ${decisions.map(({ verdict, why }) => `${done[verdict]} (${why})`).join(', then ')}.`;
}
