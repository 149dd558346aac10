/**
 * "Gates open for their reason, and whoever waits is told." A bead goes on from a gate by itself only when what it waited for
 * has come to its end; and the commit that brings the end says so to everyone who is listed for it.
 */
import type { Bead } from '../../../core/convoys/bead.ts';
import { satisfies } from '../../../core/convoys/bead.ts';
import type { EffectRecord } from '../../../core/effects.ts';
import { kindOf } from '../../../core/keys.ts';
import type { Checks } from '../../../core/rigs/checks.ts';
import { hasEnded, type PullRecord } from '../../../core/rigs/pull-requests.ts';
import type { Invariant, ItemChange, Seen } from '../kernel/invariant.ts';
import { beadOf, changed } from './records.ts';

export function gatesOpenForTheirReason(): Invariant {
  /** What has ever been told: a CI may take it back. */
  const endedChecks = new Set<string>();
  const merged = new Set<number>();

  /** Who is listed no more, or should not be, because the end has come. */
  function heard({ key, was, is }: ItemChange): readonly string[] {
    if (key.pk.startsWith('CHECKS#')) {
      const before = was?.body as Checks | undefined;
      const after = is?.body as Checks | undefined;
      for (const [name, { state }] of Object.entries(after?.reports ?? {}))
        if (state !== 'pending') endedChecks.add(`${key.pk} ${name}`);
      return (before?.awaitedBy ?? [])
        .filter(({ bead, check }) => !after?.awaitedBy?.some((one) => one.bead === bead && one.check === check))
        .map(({ bead }) => bead);
    }
    if (!key.pk.startsWith('PULL#')) return [];
    const told = (is?.body as PullRecord | undefined)?.told;
    if (told?.state === 'merged') merged.add(told.number);
    return told && hasEnded(told) ? ((was?.body as PullRecord | undefined)?.awaitedBy ?? []) : [];
  }

  function reasonBreach(seen: Seen, { rig, id, gate }: Bead): string | undefined {
    const because = gate?.because ?? '';
    const number = /^the pull request #(\d+) was merged/.exec(because)?.[1];
    if (number !== undefined && !merged.has(Number(number)))
      return `${id} goes on, for nobody said that #${number} was merged`;
    if (number !== undefined && /^#?\d+$/.test(gate?.pr ?? '') && gate?.pr?.replace('#', '') !== number)
      return `${id} waits for ${gate?.pr}, and goes on for #${number}`;
    if (because.startsWith('the check ') && !endedChecks.has(`CHECKS#${rig}#${gate?.head} ${gate?.check}`))
      return `${id} goes on, for nobody said that ${gate?.check} has ended`;
    const awaited = gate?.bead === undefined ? undefined : beadOf(seen, gate.bead);
    return awaited && because.startsWith(awaited.id) && !satisfies(awaited)
      ? `${id} goes on, and ${awaited.id} is ${awaited.status}`
      : undefined;
  }

  return {
    name: 'gates open for their reason',
    check(seen) {
      const told = new Set(
        seen.changed.flatMap(({ key, is }) => {
          const effect = kindOf(key) === 'effect' ? (is?.body as EffectRecord | undefined)?.effect : undefined;
          return effect?.do === 'open_gate' ? [effect.bead] : [];
        }),
      );
      for (const change of seen.changed)
        for (const bead of heard(change))
          if (!told.has(bead)) return `${bead} waits for ${change.key.pk}, and is not told`;
      for (const { was, is } of changed(seen, 'bead')) {
        const untold = hasEndedNow(was?.body, is?.body).find((bead) => !told.has(bead));
        if (untold !== undefined) return `${untold} waits for ${is?.body.id}, and is not told`;
        if (!is?.body.gate?.openedAt || was?.body.gate?.openedAt) continue;
        const breach = reasonBreach(seen, is.body);
        if (breach !== undefined) return breach;
      }
      return undefined;
    },
  };
}

/** Those who were listed when the list was taken away. */
const hasEndedNow = (was: Bead | undefined, is: Bead | undefined): readonly string[] =>
  was?.awaitedBy !== undefined && is !== undefined && is.awaitedBy === undefined ? was.awaitedBy : [];
