import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pauseQueue, rejectMergeRequest, resumeQueue, retryMergeRequest } from '../../../lambdas/refinery/commands.ts';
import { queueView } from '../../../lambdas/refinery/queue-view.ts';
import { openWorld, type World } from './world.ts';

describe('commands to a merge queue', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    await world.close();
  });
  const ada = { by: 'ada', because: 'release day' };

  test('a paused queue lands nothing, says why, and goes on when resumed', async () => {
    await pauseQueue(world.plain, 'green', 'main', ada);
    await world.submit(1, { 'a.txt': 'x' });
    await world.settle(3);
    expect(world.settled).toEqual([]);
    expect((await queueView(world.plain, 'green', 'main'))?.queue.paused).toMatchObject(ada);
    await resumeQueue(world.plain, 'green', 'main', 'ada');
    await world.settle();
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
  });

  test('a pause while the gate runs holds the landing, and keeps the verdict', async () => {
    world.hooks.gate = () => 'silent';
    await world.submit(1, { 'a.txt': 'x' });
    await world.run();
    await pauseQueue(world.plain, 'green', 'main', ada);
    const [candidate] = await world.candidates();
    await world.verdict({ candidate: candidate?.id ?? '', gateRun: 1 }, { commit: candidate?.commit ?? '' });
    await world.settle(2);
    expect((await world.candidates())[0]?.state).toBe('passed');
    await resumeQueue(world.plain, 'green', 'main', 'ada');
    await world.settle();
    expect(world.launches).toHaveLength(1);
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
  });

  test('a change rejected by hand leaves the queue with the reason, its gate is stopped, and the next one lands', async () => {
    world.hooks.gate = () => 'silent';
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.submit(2, { 'b.txt': 'y' });
    await world.run();
    world.hooks.gate = () => ({});
    await rejectMergeRequest(world.plain, a.bead, { by: 'ada', because: 'wrong idea' });
    await world.settle();
    expect(world.settled).toMatchObject([
      { bead: a.bead, outcome: { kind: 'failed', detail: 'rejected by ada: wrong idea' } },
      { bead: 'gr-abc123-2', outcome: { kind: 'landed' } },
    ]);
    expect(world.stopped).toEqual(['task-1']);
  });

  test('a change that has left the queue can be neither retried nor rejected', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    await expect(retryMergeRequest(world.plain, a.bead, 'ada')).rejects.toMatchObject({
      code: 'MERGE_REQUEST_ENDED',
      status: 409,
    });
    await expect(rejectMergeRequest(world.plain, a.bead, ada)).rejects.toMatchObject({ status: 409 });
  });

  test('a change that is being landed cannot be rejected any more', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    const refusals: unknown[] = [];
    world.hooks.repo.pushWithLease = async (...push) => {
      delete world.hooks.repo.pushWithLease;
      await rejectMergeRequest(world.plain, a.bead, ada).catch((error) => refusals.push(error));
      return world.deps.repo.pushWithLease(...push);
    };
    await world.settle();
    expect(refusals).toMatchObject([{ code: 'MERGE_REQUEST_LANDING', status: 409 }]);
    expect(world.settled).toMatchObject([{ outcome: { kind: 'landed' } }]);
  });

  test('the picture of a queue has what is tested first, then the line in its order, then what has ended', async () => {
    const a = await world.submit(1, { 'a.txt': 'x' });
    await world.settle();
    world.hooks.gate = () => 'silent';
    const b = await world.submit(2, { 'b.txt': 'y' });
    await world.run();
    const c = await world.submit(3, { 'c.txt': 'y' }, { priority: 4 });
    const d = await world.submit(4, { 'd.txt': 'y' }, { priority: 0 });
    const picture = await queueView(world.plain, 'green', 'main');
    expect(picture?.open.map(({ bead, position, state }) => [bead, position, state])).toEqual([
      [b.bead, 1, 'testing'],
      [d.bead, 2, 'queued'],
      [c.bead, 3, 'queued'],
    ]);
    expect(picture?.ended.map(({ bead, state }) => [bead, state])).toEqual([[a.bead, 'landed']]);
    expect(picture?.account.runs).toMatchObject([{ state: 'running' }]);
  });

  test('a rig that does not exist has no queue', async () => {
    expect(await queueView(world.plain, 'gren', 'main')).toBeUndefined();
    await expect(pauseQueue(world.plain, 'gren', 'main', ada)).rejects.toMatchObject({ code: 'RIG_UNKNOWN' });
  });
});
