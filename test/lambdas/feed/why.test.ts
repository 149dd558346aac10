import { expect, test } from '@jest/globals';
import { escalationId } from '../../../core/escalations/escalation.ts';
import { openEscalation } from '../../../core/escalations/open.ts';
import { keys } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import { beadCause } from '../../../core/molecules/before-a-human.ts';
import type { Breaker, Switch } from '../../../core/scheduler/records.ts';
import { create, toCommit } from '../../../core/step.ts';
import { why } from '../../../lambdas/feed/why.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { openLedger } from '../../../local/ledger.ts';
import { account } from '../../core/escalations/account.ts';
import { beadOf, convoyOf, t0 } from '../../core/fixtures.ts';

test('why a bead waits for a human is its escalation, whose id is in the command that answers it', async () => {
  const ledger = await openLedger({ clock: realClock });
  const asks = beadOf(1, { status: 'escalated' });
  const { id } = asks.body;
  const changes = [convoyOf(), asks].map((item) => create(item, item.body));
  const alarm = { ...account, cause: beadCause(id), severity: 'high', title: `${id} asks: blue?`, bead: id } as const;
  const opened = openEscalation(undefined, alarm, t0);
  await ledger.commit(toCommit({ ...opened, changes: [...changes, ...opened.changes] }, realIds(realClock).ulid(), t0));
  const [own] = (await why(ledger, id, t0)).reasons;
  expect(own).toMatchObject({
    because: `It waits for a human: ${id} asks: blue?`,
    todo: `gt escalations answer ${escalationId(beadCause(id))} "…"`,
  });
  await ledger.close();
});

test('what stops the whole town comes before every other reason, and not before that of what has ended', async () => {
  const ledger = await openLedger({ clock: realClock });
  const [ready, done] = [beadOf(1, { inLine: t0 }), beadOf(2, { status: 'closed' })];
  const convoy = convoyOf();
  const breaker: Breaker = { failures: Array.from({ length: limits.breakerFailuresMax }, (_, i) => t0 + i) };
  const estop: Switch = { stopped: true, by: 'ada', because: 'a bad release', at: t0 };
  const changes = [
    ...[convoy, ready, done].map((item) => create(item, item.body)),
    create(keys.breaker(), breaker),
    create(keys.estop(), estop),
  ];
  await ledger.commit(toCommit({ changes }, realIds(realClock).ulid(), t0));
  const closesAt = t0 + limits.breakerWindowMs;
  const toldOf = async (id: string, now: number) =>
    (await why(ledger, id, now)).reasons.filter(({ about }) => about === 'town');
  for (const id of [ready.body.id, convoy.body.id]) {
    const { reasons } = await why(ledger, id, closesAt - 1);
    expect(reasons.slice(0, 2)).toMatchObject([
      { about: 'town', status: 'stopped', because: 'ada: a bad release', todo: 'gt thaw' },
      { about: 'town', status: 'stopped', todo: 'gt thaw' },
    ]);
    expect(reasons[1]?.because).toContain(`before ${new Date(closesAt).toISOString().slice(0, 19)}Z`);
    expect(await toldOf(id, closesAt)).toHaveLength(1);
  }
  expect(await toldOf(done.body.id, closesAt - 1)).toEqual([]);
  await ledger.close();
});
