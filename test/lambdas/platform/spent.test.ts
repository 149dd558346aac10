import { describe, expect, test } from '@jest/globals';
import { beadsNamed } from '../../../core/costs/subjects.ts';
import type { Clock, Json, Queues } from '../../../core/ports.ts';
import { billed, metered } from '../../../lambdas/platform/spent.entry.ts';

function stage() {
  const lines: { message: string; fields: unknown }[] = [];
  let now = 1000;
  const clock: Clock = {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
  const log = (_: string, message: string, fields?: Json) => void lines.push({ message, fields });
  const queues: Queues = { send: async () => undefined };
  return { lines, clock, log, ...metered({ queues }) };
}

describe('a run of a function', () => {
  test('ends with one line: what its calls and its time cost, for the bead of its event', async () => {
    const { lines, clock, log, queues } = stage();
    const handler = async (_: unknown) => {
      await queues.send({ queue: 'sling', body: {} });
      await clock.sleep(500);
      return 'answer';
    };
    expect(await billed({ clock, log }, handler, 512)({ bead: 'gh-7k2m9q-3' })).toBe('answer');
    const units = { sqsStandard: 1, lambdaRequests: 1, lambdaGbSeconds: 0.25 };
    expect(lines).toEqual([{ message: 'spent', fields: { bead: 'gh-7k2m9q-3', usd: 0.000003933, units } }]);
  });

  test('counts from nothing each time, and also when it fails', async () => {
    const { lines, clock, log, queues } = stage();
    const failing = billed({ clock, log }, async () => {
      await queues.send({ queue: 'ticks', body: {} });
      throw new Error('broken');
    });
    await expect(failing()).rejects.toThrow('broken');
    await expect(failing()).rejects.toThrow('broken');
    const units = { sqsFifo: 1, lambdaRequests: 1, lambdaGbSeconds: 0 };
    expect(lines.map(({ fields }) => fields)).toEqual([
      { usd: 7e-7, units },
      { usd: 7e-7, units },
    ]);
  });
});

describe('the beads of an event', () => {
  test.each([
    ['a machine’s input', { op: 'next', bead: 'gh-7k2m9q-3', run: 1 }, ['gh-7k2m9q-3']],
    ['messages', { Records: [{ body: '{"bead":"gh-7k2m9q-3","run":1}' }] }, ['gh-7k2m9q-3']],
    ['new items', { Records: [{ dynamodb: { NewImage: { bead: { S: 'gh-7k2m9q-3' } } } }] }, ['gh-7k2m9q-3']],
    ['a request', { rawPath: '/v1/beads/gh-7k2m9q-12', headers: { host: 'a.us-east-1.b' } }, ['gh-7k2m9q-12']],
    ['a patrol', { kind: 'patrol' }, []],
    ['nothing', undefined, []],
    ['a megabyte of one letter, at once', { body: 'a'.repeat(1_000_000) }, []],
    ['a long word that ends like one', { x: 'abcdefghijk-7k2m9q-3' }, []],
    ['words that only look alike', { id: '1-5759e988-bd862e3fe1be46a994272793', x: 'a-7k2m9q-3-4' }, []],
  ])('are found in %s', (_what, event, beads) => {
    expect(beadsNamed(event)).toEqual(beads);
  });
});
