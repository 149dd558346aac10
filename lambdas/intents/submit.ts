/** Takes an intent in: the text to the blob store, the convoy to the ledger, and its planning as an effect. */
import type { Convoy } from '../../core/convoys/convoy.ts';
import { refuse } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { titleOf } from '../../core/intents/checklist.ts';
import { openIntent } from '../../core/intents/planning.ts';
import { type ConvoyId, convoyAlphabet, keys } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Change, Ids, Instant, Item, Key, Ledger, Ports } from '../../core/ports.ts';
import { recordOf, together, upsert } from '../../core/step.ts';
import { runCommand } from '../platform/command.ts';
import { load } from '../platform/load.ts';
import { loadRig } from '../rigs/load.ts';

export type SubmitDeps = Pick<Ports, 'ledger' | 'blobs' | 'clock' | 'ids'>;

export interface Submission {
  readonly caller: string;
  readonly idempotencyKey?: string;
  readonly text: string;
  readonly rig: string;
  readonly plan: Convoy['plan'];
  /** Default: each bead by itself. */
  readonly land?: 'beads' | 'convoy';
}

export interface Submitted {
  readonly convoy: Convoy;
  /** This key made the convoy before; nothing was written now. */
  readonly repeated: boolean;
}

/** The body of a `KEY#` item: what the key made, and the hash of what was asked for with it. */
interface KeyRecord {
  readonly convoy: ConvoyId;
  readonly fingerprint: string;
}

/**
 * One key is one intent, also when two calls race: the key's item is created in the transaction that creates the convoy.
 * Throws INTENT_TOO_LARGE (413), INTENT_EMPTY and INTENT_NOT_UTF8 (422), RIG_UNKNOWN (404), IDEMPOTENCY_KEY_REUSED (409).
 */
export async function submitIntent(deps: SubmitDeps, input: Submission): Promise<Submitted> {
  const bytes = new TextEncoder().encode(input.text);
  checkText(input.text, bytes.length);
  const fingerprint = sha256(
    JSON.stringify([input.rig, input.plan, input.text, ...(input.land === 'convoy' ? ['convoy'] : [])]),
  );
  const key = input.idempotencyKey === undefined ? undefined : keyOf(input.caller, input.idempotencyKey);
  const before = key && (await earlier(deps.ledger, key, fingerprint, deps.clock.now()));
  if (before?.convoy) return { convoy: before.convoy, repeated: true };
  await loadRig(deps.ledger, input.rig);
  const intent = await deps.blobs.put(bytes, 'text/markdown; charset=utf-8');

  return runCommand<Submitted>(deps, 'submit_intent', async (now) => {
    const seen = key && (await earlier(deps.ledger, key, fingerprint, now));
    if (seen?.convoy) return { result: { convoy: seen.convoy, repeated: true } };
    const id = drawConvoyId(deps.ids);
    const { rig, plan, caller: submittedBy } = input;
    const land = input.land === 'convoy' ? ({ land: 'convoy' } as const) : {};
    const opened = openIntent({ id, rig, plan, ...land, intent, title: titleOf(input.text), submittedBy }, now);
    const claim = key ? [claimOf(key, seen?.was, { convoy: id, fingerprint }, now)] : [];
    return { step: together(opened.step, { changes: claim }), result: { convoy: opened.convoy, repeated: false } };
  });
}

function checkText(text: string, bytes: number): void {
  if (bytes > limits.intentBytesMax) {
    const what = `The intent has ${bytes} bytes; the limit is ${limits.intentBytesMax}.`;
    throw refuse(413, 'INTENT_TOO_LARGE', what, 'Split it into several intents.');
  }
  if (/\p{Surrogate}/u.test(text)) {
    const what = 'The intent has half of a surrogate pair, which no UTF-8 can hold.';
    throw refuse(422, 'INTENT_NOT_UTF8', what, 'Send whole characters.');
  }
  if (text.trim() === '') throw refuse(422, 'INTENT_EMPTY', 'The intent is empty.', 'Say what is to be done.');
}

function keyOf(caller: string, idempotencyKey: string): Key {
  if (/^[\x21-\x7e]{1,100}$/.test(idempotencyKey)) return keys.idempotency(caller, idempotencyKey);
  const remedy = 'Use 1 to 100 visible ASCII characters, such as a UUID.';
  throw refuse(400, 'IDEMPOTENCY_KEY_INVALID', 'The idempotency key cannot be used.', remedy);
}

interface Earlier {
  readonly was: Item<KeyRecord> | undefined;
  readonly convoy: Convoy | undefined;
}

/** What the key made before, unless that was so long ago that the key is free again. */
async function earlier(ledger: Ledger, key: Key, fingerprint: string, now: Instant): Promise<Earlier> {
  const was = recordOf<KeyRecord>(await ledger.get(key));
  if (!was || (was.expiresAt !== undefined && was.expiresAt <= now)) return { was, convoy: undefined };
  if (was.body.fingerprint !== fingerprint) {
    const what = `This idempotency key made convoy ${was.body.convoy}, from another request.`;
    throw refuse(409, 'IDEMPOTENCY_KEY_REUSED', what, 'Use a new key for a new intent.');
  }
  const convoy = await load.convoy(ledger, was.body.convoy);
  if (!convoy) throw new Error(`BUG: key of convoy ${was.body.convoy}, which does not exist`);
  return { was, convoy: convoy.body };
}

const claimOf = (key: Key, was: Item<KeyRecord> | undefined, record: KeyRecord, now: Instant): Change =>
  upsert(key, was, record, { expiresAt: now + limits.idempotencyKeptMs });

/** Taken ids are found by the commit, which then draws again: 32⁶ are a billion. */
const drawConvoyId = (ids: Ids): ConvoyId =>
  Array.from({ length: 6 }, () => convoyAlphabet.charAt(Math.floor(ids.random() * convoyAlphabet.length))).join('');
