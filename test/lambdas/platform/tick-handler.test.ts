import { expect, test } from '@jest/globals';
import type { Log } from '../../../core/ports.ts';
import { makeTickHandler } from '../../../lambdas/platform/tick-handler.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';

test('a slow group does not hold up the others of its batch, and none of them fails its message', async () => {
  const begun: string[] = [];
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const deps = { clock: { ...realClock, sleep: async () => {} }, ids: realIds(realClock), log: () => {} };
  const handle = makeTickHandler(deps, async (group) => {
    begun.push(group);
    if (group === 'slow') await gate;
    if (group === 'broken') throw new Error('broken');
  });
  const Records = ['slow', 'broken', 'fast', 'fast'].map((group) => ({ body: JSON.stringify({ group }) }));
  const answer = handle({ Records } as never);
  await new Promise((resolve) => setImmediate(resolve));
  expect(new Set(begun)).toEqual(new Set(['slow', 'broken', 'fast']));
  open();
  expect(await answer).toEqual({ batchItemFailures: [] });
  expect(begun.filter((group) => group === 'fast')).toHaveLength(1);
});

test('a tick that fails each time is counted once, and its lines name what it was about', async () => {
  const lines: unknown[] = [];
  const log: Log = (_, message, fields) => void lines.push({ message, ...fields });
  const deps = { clock: { ...realClock, sleep: async () => {} }, ids: realIds(realClock), log };
  const handle = makeTickHandler(deps, async () => {
    throw new Error('broken');
  });
  await handle({ Records: [{ body: JSON.stringify({ group: 'convoys/7k2m9q' }) }] } as never);
  const line = { message: 'tick failed', group: 'convoys/7k2m9q', convoy: '7k2m9q', error: 'Error: broken' };
  expect(lines).toEqual([
    { ...line, tries: 1 },
    { ...line, tries: 2 },
    { ...line, tries: 3, measured: { WorkFailed: 1 } },
  ]);
});
