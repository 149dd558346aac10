/**
 * The shape of every command: load → decide → commit → (later) perform. A decision returns a `Step`; `toCommit`
 * turns it into one transaction that holds the new items, the effects they imply, and what to tell people.
 */
import type { Effect, EffectRecord } from './effects.ts';
import type { EventRecord, TownEvent } from './events.ts';
import { keys } from './keys.ts';
import { limits } from './limits.ts';
import type { Change, Commit, Expectation, Instant, Item, Json, Key } from './ports.ts';

export interface Step {
  readonly changes: readonly Change[];
  readonly effects?: readonly Effect[];
  readonly events?: readonly TownEvent[];
}

/** Records are plain interfaces; the ledger keeps JSON. `undefined` fields are dropped, as JSON does. */
export const asJson = (record: object): Json => JSON.parse(JSON.stringify(record)) as Json;

/** An item read from the ledger, with its body as the record that the writer of that key puts there. */
export const recordOf = <Body>(item: Item | undefined): Item<Body> | undefined => item as Item<Body> | undefined;

interface PutOptions {
  readonly attentionAt?: Instant | undefined;
  readonly expiresAt?: Instant | undefined;
}

function put(key: Key, body: object, expect: Expectation, options: PutOptions): Change {
  return {
    put: {
      pk: key.pk,
      sk: key.sk,
      body: asJson(body),
      ...(options.attentionAt === undefined ? {} : { attentionAt: options.attentionAt }),
      ...(options.expiresAt === undefined ? {} : { expiresAt: options.expiresAt }),
    },
    expect,
  };
}

/** A new item; conflicts if there is one already. */
export const create = (key: Key, body: object, options: PutOptions = {}): Change =>
  put(key, body, { absent: true }, options);

/** The next version of an item that was read; conflicts if anyone wrote it since. */
export const replace = (was: Item<unknown>, body: object, options: PutOptions = {}): Change =>
  put(was, body, { version: was.version }, options);

/** The next version of an item that may not exist yet. */
export const upsert = (key: Key, was: Item<unknown> | undefined, body: object, options: PutOptions = {}): Change =>
  was ? replace(was, body, options) : create(key, body, options);

export const remove = (was: Item<unknown>): Change => ({
  delete: { pk: was.pk, sk: was.sk },
  expect: { version: was.version },
});

/** Nothing is written, but the commit fails if the item changed since it was read (or appeared, if it was absent). */
export const guard = (key: Key, was: Item<unknown> | undefined): Change => ({
  check: { pk: key.pk, sk: key.sk },
  expect: was ? { version: was.version } : { absent: true },
});

/** Joins steps that must happen together. */
export const together = (...steps: readonly (Step | undefined)[]): Step => ({
  changes: steps.flatMap((step) => step?.changes ?? []),
  effects: steps.flatMap((step) => step?.effects ?? []),
  events: steps.flatMap((step) => step?.events ?? []),
});

/**
 * One transaction: the changes, an `EFFECT#<id>` item per effect, a `FEED#` item per event and a `HIST#` item per
 * event of a bead. `id` is a ULID, so that feed and history sort by time.
 */
export function toCommit(step: Step, id: string, now: Instant): Commit {
  const effects = (step.effects ?? []).map((effect, i): Change => {
    const record: EffectRecord = { effect, tries: 0 };
    return create(keys.effect(id, i), record, { attentionAt: now + limits.effectDueMs });
  });
  const events = (step.events ?? []).flatMap((event, i): Change[] => {
    const record: EventRecord = { ...event, at: now };
    const place = `${id}-${String(i).padStart(3, '0')}`;
    const feed = put(keys.feed(now, place), record, { any: true }, { expiresAt: now + limits.feedKeptMs });
    return event.bead ? [feed, put(keys.beadHistory(event.bead, place), record, { any: true }, {})] : [feed];
  });
  return { id, changes: [...step.changes, ...effects, ...events] };
}
