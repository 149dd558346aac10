/** The files that are deployed, interpreted with functions that a test plays. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../core/errors.ts';
import type { Json } from '../../../core/ports.ts';
import { machines } from '../../../core/wiring.ts';
import { type Rig, rig } from './rig.ts';

const read = (path: string): object => JSON.parse(readFileSync(path, 'utf8')) as object;
const substitutions = { MoleculeFunction: 'molecule', MayorFunction: 'mayor', SlingQueueUrl: 'sling' };

interface Asked {
  readonly op: string;
  readonly for?: string;
  readonly token?: string;
}

/** A molecule whose function decides these, one a turn. */
function molecule(decisions: Json[]): Rig {
  const answer = (payload: Json): Json => {
    if ((payload as unknown as Asked).op !== 'next') return { waiting: true };
    const next = decisions.shift();
    if (next === undefined) throw new Unavailable('no more decisions');
    return typeof next === 'string' ? { go: next } : next;
  };
  return rig(read(machines.molecule.definition), { substitutions, functions: { molecule: answer } });
}

const newestToken = ({ calls, messages }: Rig): string => {
  const asked = [...messages.map(({ body }) => body), ...calls.map(({ payload }) => payload)] as unknown as Asked[];
  return asked.findLast(({ token }) => token !== undefined)?.token ?? '';
};
const ops = ({ calls }: Rig): string[] =>
  calls.map(({ payload }) => payload as unknown as Asked).map((asked) => asked.for ?? asked.op);

describe('a molecule', () => {
  const bead = { bead: 'gh-7k2m9q-3', run: 2 };
  const name = 'gh-7k2m9q-3_2';

  test.each([
    ['line', 'line'],
    ['gate', 'gate'],
    ['merge', 'merge'],
  ])('told %s waits on a token for it, and asks again when it comes', async (go, waitsFor) => {
    const town = molecule([go, 'landed']);
    await town.run(bead, name);
    expect(town.calls.map(({ payload }) => payload)).toEqual([
      { op: 'next', ...bead, turn: 0 },
      { op: 'await', for: waitsFor, ...bead, token: newestToken(town) },
    ]);
    await town.workflows.succeed(newestToken(town), {});
    await town.clock.settle();
    expect(town.last()).toEqual({ op: 'next', ...bead, turn: 1 });
    expect(town.endings).toEqual([{ name, status: 'succeeded' }]);
  });

  test('told to work sends its token to the sling queue, and waits', async () => {
    const town = molecule(['work', 'landed']);
    await town.run(bead, name);
    expect(town.messages).toEqual([
      { queue: 'sling', body: { ...bead, token: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    ]);
    expect(town.endings).toEqual([]);
    await town.workflows.succeed(newestToken(town), {});
    await town.clock.settle();
    expect(town.endings).toHaveLength(1);
  });

  test('told to rest goes on by itself after the seconds it was told', async () => {
    const town = molecule([{ go: 'rest', seconds: 120 }, 'landed']);
    await town.run(bead, name);
    await town.clock.advance(119_999);
    expect(ops(town)).toEqual(['next', 'rest']);
    await town.clock.advance(1);
    expect(ops(town)).toEqual(['next', 'rest', 'next']);
    expect(town.endings).toEqual([{ name, status: 'succeeded' }]);
  });

  test('told to rest goes on at once when its token comes', async () => {
    const town = molecule([{ go: 'rest', seconds: 120 }, 'landed']);
    await town.run(bead, name);
    await town.workflows.succeed(newestToken(town), {});
    await town.clock.settle();
    expect(town.endings).toHaveLength(1);
    expect(town.clock.sleepers()).toBe(0);
  });

  test('whose token never comes asks again after 30 days', async () => {
    const town = molecule(['merge', 'landed']);
    await town.run(bead, name);
    await town.clock.advance(30 * 24 * 3600 * 1000);
    expect(ops(town)).toEqual(['next', 'merge', 'next']);
  });

  test.each(['landed', 'given_up', 'superseded'])('told %s has ended, and that is no error', async (go) => {
    const town = molecule([go]);
    expect(await town.run(bead, name)).toEqual({ name, status: 'succeeded' });
  });

  test('told something that it does not know fails with that word', async () => {
    const town = molecule(['fly']);
    expect(await town.run(bead, name)).toMatchObject({
      status: 'failed',
      error: 'MoleculeGoUnknown',
      cause: expect.stringContaining('fly'),
    });
  });

  test('asks again when its function is out of reach, and fails only after many tries', async () => {
    const town = molecule([]);
    await town.run(bead, name);
    await town.clock.advance(3600_000);
    expect(ops(town)).toEqual(Array.from({ length: 13 }, () => 'next'));
    expect(town.endings[0]).toMatchObject({ status: 'failed', error: 'Unavailable' });
  });
});

describe('an intent', () => {
  const intent = (go: Record<string, Json>): Rig =>
    rig(read(machines.intent.definition), {
      substitutions,
      functions: { mayor: (payload) => ({ go: go[(payload as unknown as Asked).op] ?? 'none' }) },
    });
  const convoy = { convoy: '7k2m9q' };

  test.each([
    ['launch', ['plan', 'launch']],
    ['refused', ['plan']],
    ['cancelled', ['plan']],
  ])('whose plan says %s does that and ends', async (go, asked) => {
    const town = intent({ plan: go });
    expect(await town.run(convoy, '7k2m9q')).toEqual({ name: '7k2m9q', status: 'succeeded' });
    expect(ops(town)).toEqual(asked);
  });

  test.each([
    ['launch', ['plan', 'await_approval', 'decided', 'launch']],
    ['cancelled', ['plan', 'await_approval', 'decided']],
  ])('that needs approval waits for it, then reads the record: %s', async (decided, asked) => {
    const town = intent({ plan: 'approve', decided });
    await town.run(convoy, '7k2m9q');
    expect(town.last()).toEqual({ op: 'await_approval', ...convoy, token: newestToken(town) });
    await town.workflows.succeed(newestToken(town), {});
    await town.clock.settle();
    expect(ops(town)).toEqual(asked);
    expect(town.endings).toHaveLength(1);
  });

  test('told something that it does not know fails with that word', async () => {
    expect(await intent({ plan: 'fly' }).run(convoy)).toMatchObject({ status: 'failed', error: 'IntentGoUnknown' });
  });
});
