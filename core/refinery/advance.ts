/**
 * The view after a commit of the tick's own, without reading it all again: with thousands of changes in line a reading
 * costs more than everything else. What others wrote meanwhile shows as a version conflict, or in the tick that their
 * wake brings.
 */
import { keys, partitions, prefixes } from '../keys.ts';
import type { Change, Item } from '../ports.ts';
import type { Candidate, Landing, MergeRequest, Queue } from './records.ts';
import type { ToClose } from './to-close.ts';
import { indexed, type QueueView } from './view.ts';

export function advanced(view: QueueView, changes: readonly Change[]): QueueView {
  const partition = partitions.queue(view.rig, view.target);
  const written = new Map<string, Item | undefined>();
  for (const change of changes) {
    if ('put' in change && change.put.pk === partition) written.set(change.put.sk, itemOf(change));
    if ('delete' in change && change.delete.pk === partition) written.set(change.delete.sk, undefined);
  }
  const touched = (prefix: string) => [...written.keys()].some((sk) => sk.startsWith(prefix));
  const after = <Body>(items: readonly Item<Body>[], prefix: string): readonly Item<Body>[] => {
    if (!touched(prefix)) return items;
    const there = new Set(items.map(({ sk }) => sk));
    const kept = items.flatMap((item): Item<Body>[] => {
      const next = written.has(item.sk) ? (written.get(item.sk) as Item<Body> | undefined) : item;
      return next ? [next] : [];
    });
    const added = [...written].flatMap(([sk, item]) =>
      item && sk.startsWith(prefix) && !there.has(sk) ? [item as unknown as Item<Body>] : [],
    );
    return [...kept, ...added];
  };
  const meta = (written.get(keys.queue(view.rig, view.target).sk) as Item<Queue> | undefined) ?? view.meta;
  const toClose = after<ToClose>(view.toClose, prefixes.pullRequestsToClose);
  const requests = after<MergeRequest>(view.requests, prefixes.mergeRequests);
  return {
    ...view,
    meta,
    toClose,
    ...(requests === view.requests ? {} : indexed(requests)),
    candidates: after<Candidate>(view.candidates, prefixes.candidates),
    landings: after<Landing>(view.landings, prefixes.landings).filter(
      ({ body }) => body.epoch === meta?.body.openLanding || meta?.body.givenUp?.includes(body.epoch),
    ),
  };
}

function itemOf({ put, expect }: Extract<Change, { put: unknown }>): Item {
  return { ...put, version: 'version' in expect ? expect.version + 1 : 1, commit: '' };
}
