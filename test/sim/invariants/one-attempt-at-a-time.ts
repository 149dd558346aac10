/**
 * "No bead worked on by two current attempts." The attempt is the fence: it only grows, one by one, with a slot; a bead at
 * work has exactly one polecat, of that attempt; nothing is launched before it is hooked; and what ends an attempt is its own.
 */
import type { Bead } from '../../../core/convoys/bead.ts';
import { keys } from '../../../core/keys.ts';
import type { Polecat } from '../../../core/polecats/polecat.ts';
import { harnessEnv, type Subject } from '../../../core/polecats/protocol.ts';
import type { Invariant, Seen } from '../kernel/invariant.ts';
import { remoteOf, trailer } from './git.ts';
import { beadOf, callsOf, changed } from './records.ts';

const isAtWork = ({ status, outcome }: Bead): boolean =>
  (status === 'hooked' || status === 'in_progress') && outcome === undefined;

function fenceBreach(was: Bead | undefined, is: Bead): string | undefined {
  const before = was?.attempt ?? 0;
  if (is.attempt === before) return undefined;
  if (is.attempt !== before + 1) return `${is.id} went from attempt ${before} to ${is.attempt}`;
  if (was?.status !== 'open' || is.status !== 'hooked') return `${is.id} began attempt ${is.attempt} as ${is.status}`;
  return is.admittedAt === undefined ? `${is.id} began attempt ${is.attempt} without a slot` : undefined;
}

/** The commit that an attempt says it made is the attempt's own, if it is anybody's. */
function reportBreach(seen: Seen, was: Bead | undefined, is: Bead): string | undefined {
  if (is.outcome?.kind !== 'completed' || was?.outcome) return undefined;
  const commit = remoteOf(seen, is.rig)?.commit(is.outcome.head);
  if (!commit) return undefined;
  const [bead, attempt] = [trailer(commit, 'Bead'), trailer(commit, 'Attempt')];
  return bead === is.id && attempt === String(is.attempt)
    ? undefined
    : `attempt ${is.attempt} of ${is.id} ended with the work of ${bead}@${attempt}`;
}

export function oneAttemptAtATime(): Invariant {
  /** By bead, the polecat on record. */
  const polecats = new Map<string, string>();
  /** Which subject a token launched, and the other way round. */
  const tokens = new Map<string, string>();
  const launched = new Map<string, string>();

  function polecatBreach(seen: Seen): string | undefined {
    for (const { was, is } of changed(seen, 'polecat')) {
      if (was && polecats.get(was.body.bead) === was.body.name) polecats.delete(was.body.bead);
      if (!is) continue;
      const { bead, name } = is.body;
      const other = polecats.get(bead);
      if (other !== undefined && other !== name) return `${bead} has two polecats: ${other} and ${name}`;
      polecats.set(bead, name);
    }
    return undefined;
  }

  function workBreach(seen: Seen, bead: Bead): string | undefined {
    if (!isAtWork(bead)) return undefined;
    const polecat = seen.get<Polecat>(keys.polecat(bead.polecat ?? ''))?.body;
    return polecat?.bead === bead.id && polecat.attempt === bead.attempt
      ? undefined
      : `${bead.id}@${bead.attempt} is ${bead.status}, and ${bead.polecat} is not at work on it`;
  }

  function launchBreach(seen: Seen): string | undefined {
    for (const { args } of callsOf(seen, 'fleet', 'launch')) {
      const [{ kind, clientToken, environment }] = args;
      const text = environment[harnessEnv.subject] ?? '';
      const known = tokens.get(clientToken);
      if (known !== undefined && known !== text) return `${text} is launched with the token of ${known}`;
      tokens.set(clientToken, text);
      const other = launched.get(text);
      if (other !== undefined && other !== clientToken) return `${text} is launched as two tasks`;
      launched.set(text, clientToken);
      const subject = JSON.parse(text) as Subject;
      if (kind !== 'polecat' || subject.kind !== 'polecat') continue;
      const attempt = beadOf(seen, subject.bead)?.attempt ?? 0;
      if (subject.attempt > attempt) return `${subject.bead}@${subject.attempt} is launched, and was never hooked`;
    }
    return undefined;
  }

  return {
    name: 'one attempt at a time',
    check(seen) {
      for (const { was, is } of changed(seen, 'bead')) {
        if (!is) continue;
        const breach =
          fenceBreach(was?.body, is.body) ?? reportBreach(seen, was?.body, is.body) ?? workBreach(seen, is.body);
        if (breach !== undefined) return breach;
      }
      return polecatBreach(seen) ?? launchBreach(seen);
    },
  };
}
