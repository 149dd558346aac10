import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../core/errors.ts';
import { realClock } from '../../../local/clock.ts';
import { realIds } from '../../../local/ids.ts';
import { makeWorkflows } from '../../../local/states/workflows.ts';
import { type ContractCall, contractDefinition, workflowsContract } from '../../contract/workflows-contract.ts';
import { awaitToken, rig, showing } from './rig.ts';

async function onThisMachine() {
  const calls: ContractCall[] = [];
  const workflows = makeWorkflows({
    machines: { contract: { definition: contractDefinition } },
    substitutions: { Function: 'asked' },
    invoke: async (_functionName, payload) => {
      calls.push(payload as unknown as ContractCall);
      return null;
    },
    send: async () => undefined,
    clock: realClock,
    ids: realIds(realClock),
  });
  return { workflows, machine: 'contract', calls: async () => calls, dispose: async () => workflows.close() };
}

workflowsContract('on this machine', onThisMachine, { withinMs: 5000 });

const waiting = showing({ Ask: awaitToken({ TimeoutSeconds: 2_592_000, Next: 'Show' }) });
const day = 24 * 3600 * 1000;

describe('on this machine', () => {
  test('a repeat is told so even with the same input, where Step Functions cannot tell', async () => {
    const town = rig(waiting);
    await town.run({ n: 1 });
    expect(await town.workflows.start('m', 'one', { n: 1 })).toBe('exists');
    expect(town.calls).toHaveLength(1);
  });

  test('a name is free again 90 days after its execution ended, not before', async () => {
    const town = rig({ StartAt: 'End', States: { End: { Type: 'Succeed' } } });
    await town.run();
    await town.clock.advance(90 * day - 1);
    expect(await town.workflows.start('m', 'one', {})).toBe('exists');
    await town.clock.advance(1);
    expect(await town.workflows.describe('m', 'one')).toBe('absent');
    expect(await town.workflows.start('m', 'one', {})).toBe('started');
  });

  test('three thousand executions wait with one sleep, and none when they have gone on', async () => {
    const town = rig(waiting);
    for (let n = 0; n < 3000; n += 1) await town.workflows.start('m', `run_${n}`, {});
    await town.clock.settle();
    expect(town.workflows.running()).toBe(3000);
    expect(town.clock.sleepers()).toBe(1);
    for (const { payload } of [...town.calls]) await town.workflows.succeed((payload as { token: string }).token, {});
    await town.clock.settle();
    expect(town.workflows.running()).toBe(0);
    expect(town.clock.sleepers()).toBe(0);
  }, 60_000);

  test('a wait of 30 days ends after 30 days', async () => {
    const town = rig(waiting);
    await town.run();
    await town.clock.advance(30 * day - 1);
    expect(await town.workflows.describe('m', 'one')).toBe('running');
    await town.clock.advance(1);
    expect(await town.workflows.describe('m', 'one')).toBe('timed_out');
  });

  test('what is closed goes on with nothing, tells nobody, and starts nothing more', async () => {
    const town = rig(waiting);
    await town.run();
    town.workflows.close();
    expect(await town.workflows.succeed((town.last() as { token: string }).token, {})).toBe('gone');
    await town.clock.advance(31 * day);
    expect(town.endings).toEqual([]);
    expect(town.clock.sleepers()).toBe(0);
    await expect(town.workflows.start('m', 'two', {})).rejects.toBeInstanceOf(Unavailable);
  });
});
