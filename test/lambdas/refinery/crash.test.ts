import { describe, expect, test } from '@jest/globals';
import { failsOnBroken, openWorld, type Submitted, type World } from './world.ts';

/**
 * Submits one change after another; the k-th time, the process dies after its k-th call of the ledger or of git. Ends
 * with the first change that needed fewer calls: then every place has been tried.
 */
async function dieEverywhere(
  world: World,
  files: (n: number) => Readonly<Record<string, string>>,
  check: (k: number, submitted: Submitted) => Promise<void>,
  more: { landsConvoy?: true } = {},
): Promise<number> {
  for (let k = 1; ; k += 1) {
    const deaths = world.crash.deaths;
    world.crash.after = world.crash.calls + k;
    const submitted = await world.submit(k, files(k), more);
    await world.settle();
    await check(k, submitted);
    if (world.crash.deaths === deaths) return k - 1;
  }
}

const landings = (world: World, n: number): number =>
  world.rig.subjects('main').filter((subject) => subject === `Change number ${n}`).length;

describe('the Refinery dies after every single thing it does', () => {
  test('and the change lands exactly once, whichever call was the last', async () => {
    const world = await openWorld();
    const places = await dieEverywhere(
      world,
      (n) => ({ [`f${n}.txt`]: String(n) }),
      async (k, { bead }) => {
        const heard = world.settled.filter((settlement) => settlement.bead === bead).map(({ outcome }) => outcome.kind);
        expect({ k, landings: landings(world, k), heard }).toEqual({ k, landings: 1, heard: ['landed'] });
        expect(world.rig.show('main', `f${k}.txt`)).toBe(String(k));
      },
    );
    expect(places).toBeGreaterThan(10);
    expect(await world.queue()).toMatchObject({ landedCount: places + 1 });
    expect(world.rig.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    await world.close();
  }, 240_000);

  test('and the branch of a convoy lands exactly once, as it is', async () => {
    const world = await openWorld();
    await dieEverywhere(
      world,
      (n) => ({ [`f${n}.txt`]: String(n) }),
      async (k, { bead, head }) => {
        const heard = world.settled.filter((settlement) => settlement.bead === bead).map(({ outcome }) => outcome);
        expect({ k, heard }).toEqual({ k, heard: [{ kind: 'landed', commit: head }] });
        expect(world.rig.head('main')).toBe(head);
      },
      { landsConvoy: true },
    );
    await world.close();
  }, 240_000);

  test('and a bad change is rejected exactly once, main untouched', async () => {
    const world = await openWorld();
    world.hooks.gate = failsOnBroken(world);
    const main = world.rig.head('main');
    const places = await dieEverywhere(
      world,
      (n) => ({ broken: String(n) }),
      async (k, { bead }) => {
        const heard = world.settled.filter((settlement) => settlement.bead === bead).map(({ outcome }) => outcome);
        expect({ k, heard }).toEqual({
          k,
          heard: [{ kind: 'failed', cause: 'gate_failed', detail: 'gate test failed: exit 3: broken' }],
        });
      },
    );
    expect(places).toBeGreaterThan(10);
    expect(world.rig.head('main')).toBe(main);
    await world.close();
  }, 240_000);
});
