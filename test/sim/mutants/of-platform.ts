/** Bugs of what carries everything: effects, version guards, escalations, the Witness. */
import { type Mutant, mutant } from './mutant.ts';

const effects = 'lambdas/platform/effects.ts';
const witness = 'lambdas/witness/witness.ts';
const open = 'core/escalations/open.ts';

export const ofPlatform: readonly Mutant[] = [
  mutant(
    'acknowledges an effect before it is performed',
    'every effect is performed at least once',
    effects,
    'await perform(deps, item);\n    await deps.ledger.commit({ id: deps.ids.ulid(), changes: [remove(item)] });',
    'await deps.ledger.commit({ id: deps.ids.ulid(), changes: [remove(item)] });\n    await perform(deps, item);',
  ),
  mutant(
    'drops an effect that failed',
    'every effect is performed at least once',
    effects,
    'error instanceof NoRoom ? waitForRoom(deps, item, error) : recordFailure(deps, item, redact(String(error)));',
    'deps.ledger.commit({ id: deps.ids.ulid(), changes: [remove(item)] });',
  ),
  mutant(
    'never performs what the stream has lost',
    'the stream is only the fast path',
    witness,
    'if (item) await deps.performEffects([item as unknown as Item<EffectRecord>]);',
    '',
  ),
  mutant(
    'writes effects before their record',
    'no effect before its record',
    'lambdas/platform/command.ts',
    'if (await commitOnce(deps, toCommit(step, deps.ids.ulid(), now))) return result;',
    `if (step.effects?.length)
      await commitOnce(deps, toCommit({ changes: [], effects: step.effects }, deps.ids.ulid(), now));
    if (step.changes.length === 0) return result;
    if (await commitOnce(deps, toCommit({ ...step, effects: [] }, deps.ids.ulid(), now))) return result;`,
  ),
  mutant(
    'settles a bead again',
    'an effect is harmless the second time',
    'core/convoys/settle.ts',
    "if (bead.status === 'closed') return undefined;",
    '',
  ),
  mutant(
    'sends a bead back again',
    'an effect is harmless the second time',
    'core/convoys/settle.ts',
    "if (bead.status !== 'submitted' || bead.outcome) return undefined;",
    "if (bead.status === 'closed') return undefined;",
  ),
  mutant(
    'goes on with an execution that was replaced',
    'of two runs of a molecule one counts',
    'core/molecules/next.ts',
    "if (bead.run !== run) return { go: 'superseded' };",
    '',
  ),
  mutant(
    'forgets the version of a bead',
    'each item is guarded by its version',
    'core/convoys/save-bead.ts',
    'return replace(was, next, { attentionAt: attentionOf(next, now) });',
    'return { ...replace(was, next, { attentionAt: attentionOf(next, now) }), expect: { any: true } } as Change;',
  ),
  mutant(
    'forgets the version of a queue',
    'each item is guarded by its version',
    'core/refinery/view.ts',
    'return upsert(keys.queue(view.rig, view.target), view.meta, next, {\n    attentionAt: attentionAt ===',
    "return { ...upsert(keys.queue(view.rig, view.target), view.meta, next, { attentionAt: attentionAt === 'none' ? undefined : (attentionAt ?? now + limits.refineryTimerMs) }), expect: { any: true } } as Change;\n  return upsert(keys.queue(view.rig, view.target), view.meta, next, {\n    attentionAt: attentionAt ===",
  ),
  mutant(
    'forgets the version of the slots',
    'each item is guarded by its version',
    'core/scheduler/admit.ts',
    'upsert(keys.capacity(), seen.capacity, capacity),',
    '{ ...upsert(keys.capacity(), seen.capacity, capacity), expect: { any: true } } as Change,',
  ),
  mutant(
    'opens another escalation for the same cause',
    'one escalation a cause',
    open,
    'const id = escalationId(alarm.cause);',
    'const id = escalationId(alarm.cause + now);',
  ),
  mutant(
    'tells the same again and again',
    'an alarm that repeats is no storm',
    open,
    'if (open && open.title === alarm.title && !worse(alarm.severity, open.severity)) return { changes: [] };',
    '',
  ),
  mutant(
    'leaves the alarm of a bead that was sent on',
    'an escalation has a cause',
    'lambdas/convoys/commands.ts',
    'await closeItsAlarm(ledger, id, by, now),\n  );',
    'undefined,\n  );',
  ),
  mutant(
    'looks at no polecat',
    'the Witness declares a polecat dead',
    witness,
    'await watchPolecat(deps, key, because);',
    '',
  ),
  mutant('looks at no bead', 'a lost execution is replaced', witness, 'await watchBead(deps, key);', ''),
  mutant('looks at no convoy', 'a lost tick is repeated', witness, 'await watchConvoy(deps, key);', ''),
  mutant(
    'looks at no queue',
    'a queue with open work is looked at',
    witness,
    'return watchQueue(deps, key);',
    'return undefined;',
  ),
  mutant(
    'says of no bead when to look at it',
    'what waits is looked at',
    'core/convoys/save-bead.ts',
    'return replace(was, next, { attentionAt: attentionOf(next, now) });',
    'return replace(was, next);',
  ),
];
