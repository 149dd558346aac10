import { expect, test } from '@jest/globals';
import { escalationId } from '../../../core/escalations/escalation.ts';
import { openEscalation } from '../../../core/escalations/open.ts';
import { beadCause } from '../../../core/molecules/before-a-human.ts';
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
  const [own] = (await why(ledger, id)).reasons;
  expect(own).toMatchObject({
    because: `It waits for a human: ${id} asks: blue?`,
    todo: `gt escalations answer ${escalationId(beadCause(id))} "…"`,
  });
  await ledger.close();
});
