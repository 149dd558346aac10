import { describe, expect, test } from '@jest/globals';
import { failsOnBroken, openWorld, type World } from './world.ts';

/** Calls of the ledger's commit and of git that one change costs, from submit to cleaned up. */
async function callsOf(world: World, files: Readonly<Record<string, string>>, n: number): Promise<number> {
  const before = world.crash.calls;
  await world.submit(n, files);
  await world.settle();
  return world.crash.calls - before;
}

const landings = (world: World, n: number): number =>
  world.rig.subjects('main').filter((subject) => subject === `Change number ${n}`).length;

describe('the Refinery dies after every single thing it does', () => {
  test('and the change lands exactly once, whichever call was the last', async () => {
    const world = await openWorld();
    const calls = await callsOf(world, { 'f1.txt': '1' }, 1);
    expect(calls).toBeGreaterThan(10);
    for (let k = 1; k <= calls; k += 1) {
      const n = k + 1;
      world.crash.after = world.crash.calls + k;
      const { bead } = await world.submit(n, { [`f${n}.txt`]: String(n) });
      await world.settle();
      const heard = world.settled.filter((settlement) => settlement.bead === bead);
      expect({ k, landings: landings(world, n), heard: heard.map(({ outcome }) => outcome.kind) }).toEqual({
        k,
        landings: 1,
        heard: ['landed'],
      });
      expect(world.rig.show('main', `f${n}.txt`)).toBe(String(n));
    }
    expect(world.crash.deaths).toBe(calls);
    expect(await world.queue()).toMatchObject({ landedCount: calls + 1 });
    expect(world.rig.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    await world.close();
  }, 240_000);

  test('and a bad change is rejected exactly once, main untouched', async () => {
    const world = await openWorld();
    world.hooks.gate = failsOnBroken(world);
    const main = world.rig.head('main');
    const calls = await callsOf(world, { broken: '1' }, 1);
    for (let k = 1; k <= calls; k += 1) {
      world.crash.after = world.crash.calls + k;
      const { bead } = await world.submit(k + 1, { broken: String(k) });
      await world.settle();
      const heard = world.settled.filter((settlement) => settlement.bead === bead);
      expect({ k, heard: heard.map(({ outcome }) => outcome) }).toEqual({
        k,
        heard: [{ kind: 'failed', cause: 'gate_failed', detail: 'gate test failed: exit 3: broken' }],
      });
    }
    expect(world.crash.deaths).toBe(calls);
    expect(world.rig.head('main')).toBe(main);
    await world.close();
  }, 240_000);
});
