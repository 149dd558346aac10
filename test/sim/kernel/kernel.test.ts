import { describe, expect, test } from '@jest/globals';
import { Actor } from './actor.ts';
import { cutScenario } from './cut.ts';
import { makeHeap } from './heap.ts';
import { makeRandom } from './random.ts';
import { drawScenario } from './scenario.ts';
import { Scheduler } from './scheduler.ts';
import { shrink } from './shrink.ts';
import type { Outcome } from './simulate.ts';

const makeScheduler = (seed = 'a test') => new Scheduler(makeRandom(seed), 0);

describe('the scheduler', () => {
  test('releases one a step, in an order that follows from the seed', async () => {
    const play = async (seed: string): Promise<string> => {
      const scheduler = makeScheduler(seed);
      const order: string[] = [];
      for (const name of 'abcdefgh') void scheduler.park(new Actor(name), '').then(() => order.push(name));
      for (let steps = 1; await scheduler.step(); steps += 1) expect(order).toHaveLength(steps);
      return order.join('');
    };
    expect(await play('one')).toBe(await play('one'));
    expect(await play('one')).not.toBe(await play('another'));
  });

  test('lets time leap to the next deadline only when nobody can move', async () => {
    const scheduler = makeScheduler();
    const woken: string[] = [];
    void scheduler.sleep(new Actor('sleeper'), 60_000).then(() => woken.push('sleeper'));
    void scheduler.park(new Actor('mover'), '').then(() => woken.push('mover'));
    await scheduler.step();
    expect(scheduler.now).toBeLessThan(100);
    await scheduler.step();
    expect(woken).toEqual(['mover', 'sleeper']);
    expect(scheduler.now).toBeGreaterThanOrEqual(60_000);
  });

  test('never lets what a crashed actor waited for come back, not even to a `finally`', async () => {
    const scheduler = makeScheduler();
    const actor = new Actor('mortal');
    const seen: string[] = [];
    const work = async (): Promise<void> => {
      try {
        await scheduler.call(actor, 'first', () => void seen.push('first'));
        await scheduler.call(actor, 'second', () => actor.crash());
      } finally {
        seen.push('finally');
      }
    };
    void scheduler.run(actor, work);
    while (await scheduler.step()) {}
    expect(seen).toEqual(['first']);
  });

  test('finds an actor that waits for something else than the simulator', async () => {
    const scheduler = makeScheduler();
    void scheduler.run(new Actor('stray'), () => new Promise<void>(() => undefined));
    await expect(scheduler.settle()).rejects.toThrow('stray runs on');
  });
});

test('a heap gives its items back in order', () => {
  const random = makeRandom('heap');
  const heap = makeHeap<number>((a, b) => a < b);
  const items = Array.from({ length: 200 }, () => random.between(0, 50));
  for (const item of items) heap.push(item);
  expect(items.map(() => heap.pop())).toEqual(items.toSorted((a, b) => a - b));
});

describe('a failing scenario', () => {
  const scenario = drawScenario(7);
  const beads = (of = scenario) => of.convoys.flatMap((convoy) => convoy.beads.map(({ name }) => name));
  const kinds = (of = scenario) => Object.keys(of.faults.rates);
  const outcome = (breach: string | undefined): Outcome => ({
    ...{ seed: 7, steps: 1000, faults: 9, faultsBy: {}, virtualMs: 0, hash: '' },
    ...(breach === undefined ? {} : { violation: { invariant: breach, breach, step: 5 } }),
  });

  test('shrinks to what its failure needs: a bead, a fault, so many strikes, so many choices', async () => {
    const [bead = ''] = beads().slice(-1);
    const [kind = ''] = kinds().slice(-1);
    const cut = await shrink(scenario, outcome('a claim'), async (tried) => {
      const { faults, ...rest } = cutScenario(scenario, tried);
      const enough = beads({ ...rest, faults }).includes(bead) && kind in faults.rates && faults.strikesMax >= 1;
      return outcome(enough && (tried.orderlyFrom ?? 1000) >= 321 ? 'a claim' : 'another');
    });
    const small = cutScenario(scenario, cut);
    expect(beads(small)).toEqual([bead]);
    expect(small.commands).toEqual([]);
    expect(kinds(small)).toEqual([kind]);
    expect(small.faults.strikesMax).toBe(1);
    expect(cut.orderlyFrom).toBe(321);
  });

  test('is the same scenario each time it is drawn', () => {
    expect(drawScenario(7)).toEqual(scenario);
    expect(drawScenario(8)).not.toEqual(scenario);
  });
});
