/** A finished branch enters the queue of its target. */
import type { Bead } from '../convoys/bead.ts';
import { groups, keys } from '../keys.ts';
import type { Instant, Oid } from '../ports.ts';
import { asJson, create, type Step } from '../step.ts';
import type { MergeRequest } from './records.ts';

export interface Submission {
  /** As it is after this attempt; its own change is the caller's. */
  readonly bead: Bead;
  readonly head: Oid;
  readonly convoyCreatedAt: Instant;
  /** A ULID: its place in line among equals. */
  readonly seq: string;
  readonly now: Instant;
}

/** Fails to commit if there is a merge request of this seq already. Only the tick writes the queue's META. */
export function submitMergeRequest({ bead, head, convoyCreatedAt, seq, now }: Submission): Step {
  const { rig, target } = bead;
  if (!bead.branch) throw new Error(`BUG: bead ${bead.id} has no branch to submit`);
  const request: MergeRequest = {
    seq,
    bead: bead.id,
    attempt: bead.attempt,
    convoy: bead.convoy,
    title: bead.title,
    polecat: bead.polecat ?? (bead.landsConvoy ? 'Refinery' : (bead.branch.split('/')[1] ?? 'unknown')),
    ...(bead.landsConvoy ? { asIs: true } : {}),
    priority: bead.priority,
    convoyCreatedAt,
    branch: bead.branch,
    head,
    state: 'queued',
    because: 'waits for its turn',
    retries: 0,
    submittedAt: now,
  };
  return {
    changes: [
      create(keys.mergeRequest(rig, target, seq), request),
      // Every writer writes the same, so it needs no condition, and two submits never conflict.
      { put: { ...keys.target(rig, target), body: asJson({ target }) }, expect: { any: true } },
    ],
    effects: [{ do: 'wake', queue: 'refinery', group: groups.refinery(rig, target) }],
    events: [
      {
        kind: 'mr.submitted',
        who: 'molecule',
        text: `${bead.id} waits to land on ${target}: ${bead.title}`,
        bead: bead.id,
        convoy: bead.convoy,
        rig,
        attempt: bead.attempt,
      },
    ],
  };
}
