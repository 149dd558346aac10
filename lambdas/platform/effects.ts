/**
 * Performs effects: the stream brings new ones here at once, the Witness brings again what did not work. Each is
 * performed at least once and deleted afterwards; each re-reads its subject, so that late or repeated is harmless.
 */
import { messageGroupOf } from '../../core/deliveries.ts';
import type { Effect, EffectRecord } from '../../core/effects.ts';
import { NoRoom, never } from '../../core/errors.ts';
import { openEscalation } from '../../core/escalations/open.ts';
import { tokenOf } from '../../core/hash.ts';
import { parseBeadId } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Item, Ports } from '../../core/ports.ts';
import { redact } from '../../core/redact.ts';
import { remove, replace, together } from '../../core/step.ts';
import { settlement } from '../convoys/settlement.ts';
import { openGate } from '../molecules/gate.ts';
import { runCommand } from './command.ts';
import { load } from './load.ts';

export type EffectsDeps = Pick<
  Ports,
  'ledger' | 'queues' | 'workflows' | 'fleet' | 'notifier' | 'clock' | 'ids' | 'log'
> & {
  /** Starts a candidate's gates, if it still waits for them. */
  readonly launchGate: (effect: Extract<Effect, { do: 'launch_gate' }>) => Promise<void>;
  /** Absent: nobody can be asked of a pull request; they are told of. */
  readonly codeHost?: Pick<Ports['codeHost'], 'pullRequest'>;
};

/** Never throws: what fails stays in the ledger, with its error, and comes back. */
export const makeHandler =
  (deps: EffectsDeps) =>
  async (items: readonly Item<EffectRecord>[]): Promise<void> => {
    await Promise.all(items.map((item) => performOne(deps, item)));
  };

async function performOne(deps: EffectsDeps, item: Item<EffectRecord>): Promise<void> {
  try {
    await perform(deps, item);
    await deps.ledger.commit({ id: deps.ids.ulid(), changes: [remove(item)] });
  } catch (error) {
    const failed =
      error instanceof NoRoom ? waitForRoom(deps, item, error) : recordFailure(deps, item, redact(String(error)));
    await failed.catch((again: unknown) => {
      deps.log('error', 'effect could not be recorded as failed', { effect: item.pk, error: String(again) });
    });
  }
}

async function perform(deps: EffectsDeps, { pk, sk, body: { effect } }: Item<EffectRecord>): Promise<void> {
  const { ledger, queues, workflows, fleet, notifier } = deps;
  const token = tokenOf(`${pk}/${sk}`);
  switch (effect.do) {
    case 'start_molecule': {
      const bead = await load.bead(ledger, effect.bead);
      if (bead?.body.run !== effect.run) return;
      const input = { bead: effect.bead, run: effect.run };
      await workflows.start('molecule', `${effect.bead}_${effect.run}`, input);
      return;
    }
    case 'start_intent': {
      const convoy = await load.convoy(ledger, effect.convoy);
      if (convoy?.body.run !== effect.run) return;
      await workflows.start('intent', `${effect.convoy}_${effect.run}`, { convoy: effect.convoy });
      return;
    }
    case 'succeed_task':
      await workflows.succeed(effect.token, {});
      return;
    case 'wake':
      await queues.send({
        /** Records of earlier versions name a queue for each light tick. */
        queue: effect.queue === 'refinery' ? 'refinery' : 'ticks',
        body: { group: effect.group },
        group: messageGroupOf(effect.group),
        dedup: token,
      });
      return;
    case 'stop_task':
      await fleet.stop(effect.taskId, effect.reason);
      return;
    case 'settle_bead':
      await runCommand<void>(deps, `settlement of ${effect.bead}`, async (now) => ({
        step: await settlement(ledger, effect, now),
        result: undefined,
      }));
      return;
    case 'open_gate':
      await openGate(deps, effect.bead);
      return;
    case 'launch_gate':
      await deps.launchGate(effect);
      return;
    case 'notify':
      await notifier.publish({
        severity: effect.severity,
        subject: subjectLine(effect.subject),
        body: effect.body,
        key: token,
      });
      return;
    default:
      never(effect);
  }
}

const subjectCharsMax = 100;

/** What SNS takes as a subject: one line, 100 printable ASCII characters. The body says the rest as it is. */
function subjectLine(text: string): string {
  const line = text.replace(/[^\x20-\x7e]/g, '?').trim();
  return line.length <= subjectCharsMax ? line : `${line.slice(0, subjectCharsMax - 3)}...`;
}

/** The bead or convoy that the effect is about, for the log. */
function subjectOf(effect: Effect): { bead?: string; convoy?: string } {
  if ('bead' in effect) return { bead: effect.bead, convoy: parseBeadId(effect.bead)?.convoy ?? '' };
  return 'convoy' in effect ? { convoy: effect.convoy } : {};
}

const backoffMaxMs = limits.effectBackoffMs * 2 ** 6;

/** A gate has no longer rest after each try: polecats that wait would be there before it. */
const waitForRoom = (deps: EffectsDeps, was: Item<EffectRecord>, { message }: NoRoom): Promise<void> =>
  runCommand<void>(deps, `wait of ${was.pk}`, async (now) => {
    const stored = (await deps.ledger.get(was)) as Item<EffectRecord> | undefined;
    if (!stored) return { result: undefined };
    const body = { ...stored.body, lastError: message.slice(0, 500) };
    const attentionAt = now + limits.launchAgainSeconds * 1000;
    return { step: { changes: [replace(stored, body, { attentionAt })] }, result: undefined };
  });

/** Later again, with a longer rest each time; after ten tries a human hears of it, and it is still tried. */
const recordFailure = (deps: EffectsDeps, was: Item<EffectRecord>, error: string): Promise<void> =>
  runCommand<void>(deps, `failure of ${was.pk}`, async (now) => {
    const stored = (await deps.ledger.get(was)) as Item<EffectRecord> | undefined;
    if (!stored) return { result: undefined };
    const tries = stored.body.tries + 1;
    const stuck = tries >= limits.effectTriesMax;
    deps.log('warn', 'effect failed', {
      effect: stored.body.effect.do,
      ...subjectOf(stored.body.effect),
      commit: was.pk,
      tries,
      error,
      ...(stuck ? { measured: { EffectsStuck: 1 } } : {}),
    });
    const again = replace(
      stored,
      { ...stored.body, tries, lastError: error.slice(0, 500) },
      {
        attentionAt: now + Math.min(limits.effectBackoffMs * 2 ** (tries - 1), backoffMaxMs),
      },
    );
    if (!stuck) return { step: { changes: [again] }, result: undefined };
    const cause = `effect/${stored.body.effect.do}` as const;
    const alarm = {
      cause,
      severity: 'high' as const,
      title: `the town cannot ${stored.body.effect.do.replace('_', ' ')}`,
      what: `The last error: ${error}\nThe effect: ${stored.pk} ${stored.sk}`,
      tried: `${tries} times, after a longer and longer rest.`,
      unattended: `it is tried again every ${backoffMaxMs / 60_000} minutes, and what it should start or tell waits.`,
      command: 'gt feed',
    };
    const escalation = openEscalation(await load.escalation(deps.ledger, cause), alarm, now);
    return { step: together({ changes: [again] }, escalation), result: undefined };
  });
