/** What a resolver handed over is believed only as far as git bears it out; then it is tested like any other change. */
import type { Bead } from '../../convoys/bead.ts';
import type { Instant, Item, ResolutionFacts, Spot } from '../../ports.ts';
import type { MergeRequest } from '../records.ts';
import { closeLater } from '../to-close.ts';
import { progress, type QueueView, saveRequest, short, type Turn } from '../view.ts';
import { namesOf } from './resolver.ts';

/** Why the resolution is refused; nothing: it is not. In the order of what is to be mended first. */
export function faultOf(facts: ResolutionFacts, target: string): string | undefined {
  const faults = [
    facts.containsBase ? '' : `it does not contain ${target}: the merge was dropped`,
    facts.containsHead ? '' : 'it does not contain the change that it was to keep',
    facts.markers.length > 0 ? `conflict markers are left in ${spots(facts.markers)}` : '',
    facts.deletedTests.length > 0 ? `tests are deleted: ${some(facts.deletedTests.map(testName))}` : '',
    facts.skippedTests.length > 0 ? `tests are skipped: ${spots(facts.skippedTests)}` : '',
    facts.strayPaths.length > 0 ? `files outside of the conflict are changed: ${namesOf(facts.strayPaths)}` : '',
    facts.strayHunks.length > 0 ? `hunks outside of the conflict are changed: ${spots(facts.strayHunks)}` : '',
  ].filter((fault) => fault !== '');
  if (faults.length > 0) return faults.join('; ');
  return facts.more ? 'it is too large to be looked through, and what is not seen is not trusted' : undefined;
}

const shown = 5;
const some = (names: readonly string[]): string =>
  `${names.slice(0, shown).join(', ')}${names.length > shown ? ` and ${names.length - shown} more` : ''}`;
const spots = (list: readonly Spot[]): string => some(list.map(({ path, line }) => `${path}:${line}`));
const testName = ({ path, test }: ResolutionFacts['deletedTests'][number]): string =>
  test === undefined ? path : `${path} "${test}"`;

/** Why a resolver that has ended left nothing to judge. */
export function endOf(resolver: Bead): string {
  const last = resolver.notes.at(-1);
  if (resolver.status === 'failed' && last) return `${last.cause}: ${last.detail.split('\n')[0] ?? ''}`;
  return `it was ${resolver.status === 'closed' ? (resolver.closedReason ?? 'closed') : resolver.status}`;
}

/** Back in line under its own number and retries, with the resolver's branch in place of its own: all of it is tested. */
export function acceptResolution(
  view: QueueView,
  was: Item<MergeRequest>,
  resolution: { readonly resolver: Bead; readonly head: string; readonly branch: string },
  now: Instant,
): Turn {
  const { resolver, head, branch } = resolution;
  const because = `${resolver.id} made it fit ${view.target} as ${short(head)}: waits for its turn`;
  return {
    step: {
      changes: [
        progress(view, {}, now),
        ...closeLater(view, was.body, `${was.body.bead} goes on: ${because}`),
        saveRequest(was, ['queued'], { head, branch, because, ...fresh }),
      ],
      events: [eventOf(view, was.body, 'mr.resolved', because)],
    },
  };
}

/** Nothing of what was known of the old head holds for the new one. */
const fresh = { conflict: undefined, touched: undefined, after: undefined, review: undefined };

/** Its fault is what the next resolver hears, or in the end the author. */
export function refuseResolution(view: QueueView, was: Item<MergeRequest>, fault: string, now: Instant): Turn {
  const { resolver } = was.body;
  if (!resolver) throw new Error(`BUG: merge request ${was.body.seq} has no resolver`);
  const kept = fault.slice(0, faultCharsMax);
  const because = `${resolver.bead} did not resolve its conflict: ${kept}`;
  return {
    step: {
      changes: [
        progress(view, {}, now),
        saveRequest(was, ['queued', 'conflict'], {
          because,
          resolver: { ...resolver, faults: [...resolver.faults, kept] },
        }),
      ],
      events: [eventOf(view, was.body, 'mr.unresolved', because)],
    },
  };
}

/** Two of them, and what they were about, fit into what the author hears. */
const faultCharsMax = 400;

const eventOf = (view: QueueView, { bead, convoy, attempt }: MergeRequest, kind: string, text: string) => ({
  kind,
  who: 'refinery',
  text: `${bead}: ${text}`,
  bead,
  convoy,
  attempt,
  rig: view.rig,
});
