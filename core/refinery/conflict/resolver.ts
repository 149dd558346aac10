/**
 * A change that does not fit its target gets a resolver: a conflict bead in its author's convoy, with the ladder of its
 * own that `limits.conflictTriesMax` bounds. The author's bead waits meanwhile, `submitted`, and so do its dependents.
 */
import { type Bead, hasEnded, type Resolves } from '../../convoys/bead.ts';
import type { Convoy } from '../../convoys/convoy.ts';
import { freshBead } from '../../convoys/fresh-bead.ts';
import { type BeadId, beadId, groups, keys, parseBeadId } from '../../keys.ts';
import { limits } from '../../limits.ts';
import { conflictSpec } from '../../molecules/prompts/resolve-conflict.ts';
import type { ConflictReport, Instant, Item, Oid } from '../../ports.ts';
import { worksFromPrompt } from '../../rigs/config.ts';
import type { RigConfig } from '../../rigs/rig.ts';
import { create, guard, together } from '../../step.ts';
import { returnToBead } from '../candidates.ts';
import type { MergeRequest } from '../records.ts';
import { progress, type QueueView, saveRequest, short, type Turn } from '../view.ts';
import { diffSummary } from './diff-summary.ts';

export type Conflicting = Extract<ConflictReport, { found: 'conflict' }>;

/** Why no resolver is asked (any more); nothing: one is. */
export function whyUnresolvable(request: MergeRequest, config: RigConfig): string | undefined {
  const { tries = 0, faults = [] } = request.resolver ?? {};
  if (tries >= limits.conflictTriesMax)
    return `${tries} resolvers were not enough: ${faults.map((fault, i) => `(${i + 1}) ${fault}`).join(' ') || 'what landed after them conflicts again'}`;
  if (!worksFromPrompt(config))
    return 'no agent of this rig can resolve it: it runs the script of a bead, and a conflict has none; set agent.runtime or agent.command';
  return undefined;
}

export interface Ask {
  readonly author: Item<Bead>;
  readonly convoy: Item<Convoy>;
  /** Number of the last bead of the convoy. */
  readonly last: number;
  readonly base: Oid;
  readonly report: Conflicting;
  readonly against: readonly BeadId[];
}

/** The bead and the request that waits for it, in one commit: made once, however often it is decided. */
export function askResolver(view: QueueView, was: Item<MergeRequest>, ask: Ask, now: Instant): Turn {
  const { author, convoy, base, report, against } = ask;
  const request = was.body;
  const tries = (request.resolver?.tries ?? 0) + 1;
  const faults = request.resolver?.faults ?? [];
  const { bead: of, attempt, seq: mergeRequest, head } = request;
  const bead = resolverOf(
    author.body,
    ask.last + 1,
    tries,
    { bead: of, attempt, mergeRequest, head, base, against },
    now,
  );
  const because = `${bead.id} resolves its conflict with ${view.target} in ${namesOf(report.paths)} (try ${tries} of ${limits.conflictTriesMax})`;
  const about = { who: 'refinery', convoy: bead.convoy, rig: view.rig };
  return {
    step: {
      changes: [
        progress(view, {}, now),
        saveRequest(was, ['resolving'], {
          because,
          conflict: { base, paths: report.paths.slice(0, limits.conflictPathsShown) },
          resolver: { bead: bead.id, tries, faults },
        }),
        // Whoever cancels either in this very moment wins or loses against this commit: no resolver is left behind.
        guard(author, author),
        guard(convoy, convoy),
        create(keys.bead(bead.id), bead),
        create(keys.beadSpec(bead.id), conflictSpec(view.target, report, faults)),
      ],
      effects: [{ do: 'wake', queue: 'ticks', group: groups.convoy(bead.convoy) }],
      events: [
        { ...about, kind: 'mr.resolving', text: `${of}: ${because}`, bead: of, attempt },
        { ...about, kind: 'bead.created', text: `${bead.id}: ${bead.title}`, bead: bead.id },
      ],
    },
  };
}

/** Its place in line is the author's: the change has waited its turn once. */
function resolverOf(author: Bead, n: number, tries: number, resolves: Resolves, now: Instant): Bead {
  const { rig, convoy, priority, formula, budgetUsd, target, readyAt } = author;
  return {
    ...freshBead(rig, convoy, now),
    id: beadId(parseBeadId(author.id)?.prefix ?? '', convoy, n),
    n,
    name: `${author.name}-conflict-${tries}`,
    title: `Resolve conflict: ${author.title}`.slice(0, limits.titleCharsMax),
    type: 'conflict',
    priority,
    labels: [],
    needs: [],
    runtime: 'command',
    formula,
    budgetUsd,
    resolves,
    blockedBy: [],
    ...(readyAt === undefined ? {} : { readyAt }),
    target,
  };
}

/** The author's bead starts over on the target, and hears what it did not fit and what was tried; its ladder ends at a human. */
export function sendBack(
  view: QueueView,
  was: Item<MergeRequest>,
  report: Conflicting,
  why: string,
  now: Instant,
): Turn {
  const detail = [
    `conflicts with ${view.target} in ${namesOf(report.paths, pathsInDetail)}; ${why}`,
    `It had changed ${diffSummary(report.headDiff)}; ${view.target} has ${diffSummary(report.baseDiff)}`,
  ].join('. ');
  const reason = {
    states: ['rejected'],
    cause: 'conflict',
    detail: detail.slice(0, limits.returnDetailCharsMax),
  } as const;
  return { step: together({ changes: [progress(view, {}, now)] }, returnToBead(view, was, reason, now)) };
}

/** The target has moved, or the branch has: the next build says whether it fits now. */
export function backInLine(view: QueueView, was: Item<MergeRequest>, because: string, now: Instant): Turn {
  return {
    step: { changes: [progress(view, {}, now), saveRequest(was, ['queued'], { because, conflict: undefined })] },
  };
}

/** The request's own bead still waits for it. */
export const waitsFor = (bead: Bead | undefined, request: MergeRequest): boolean =>
  bead !== undefined && !hasEnded(bead) && bead.attempt === request.attempt && bead.status === 'submitted';

const pathsNamed = 10;
/** The reasons behind them are to fit too. */
const pathsInDetail = 3;

export function namesOf(paths: readonly string[], most = pathsNamed): string {
  const more = paths.length > most ? ` and ${paths.length - most} more` : '';
  return `${paths.slice(0, most).join(', ')}${more}`;
}

export const goneFrom = (target: string, base: Oid): string => `fits ${target} at ${short(base)} now: back in line`;
