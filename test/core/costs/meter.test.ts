import { describe, expect, test } from '@jest/globals';
import { type Meter, meterPorts } from '../../../core/costs/meter.ts';
import { sum, type Units } from '../../../core/costs/prices.ts';
import type { Change, Ledger, ModelReply, Ports } from '../../../core/ports.ts';
import { realClock } from '../../../local/clock.ts';
import { openLedger } from '../../../local/ledger.ts';
import { ledgerContract } from '../../contract/ledger-contract.ts';

const key = { pk: 'A', sk: '1' };
const put = (sk: string, expectation: Change['expect'], more: object = {}): Change => ({
  put: { pk: 'A', sk, body: {}, ...more },
  expect: expectation,
});
const absent = { absent: true } as const;

function tape() {
  const calls: { call: string; units: Units }[] = [];
  const meter: Meter = (call, units) => void calls.push({ call, units });
  const last = () => calls.at(-1);
  return { calls, meter, last, total: () => sum(...calls.map(({ units }) => units)) };
}

async function metered() {
  const tally = tape();
  const { ledger } = meterPorts({ ledger: (await openLedger({ clock: realClock })) as Ledger }, tally.meter);
  const write = (...changes: Change[]) => ledger.commit({ id: `c${tally.calls.length}`, changes });
  return { ...tally, ledger, write };
}

ledgerContract('that is metered', async () => {
  const inner = await openLedger({ clock: realClock });
  const { ledger } = meterPorts({ ledger: inner as Ledger }, () => undefined);
  return { ledger, dispose: () => inner.close() };
});

describe('a metered ledger', () => {
  test('counts a lone write once, and each write and check of a transaction twice', async () => {
    const { write, last } = await metered();
    await write(put('1', absent));
    expect(last()).toEqual({ call: 'ledger.write', units: { dynamoWrites: 1 } });
    await write(put('2', absent), put('3', absent), { check: key, expect: { version: 1 } });
    expect(last()).toEqual({ call: 'ledger.transact', units: { dynamoWrites: 6 } });
  });

  test('counts a lone check as a transaction, and one that expects anything not at all', async () => {
    const { write, last } = await metered();
    await write({ check: key, expect: absent });
    expect(last()).toEqual({ call: 'ledger.transact', units: { dynamoWrites: 2 } });
    await write(put('1', absent), { check: { pk: 'A', sk: '9' }, expect: { any: true } });
    expect(last()).toEqual({ call: 'ledger.write', units: { dynamoWrites: 1 } });
  });

  test('counts a replaced or deleted item by the larger of what it was and what it becomes', async () => {
    const { ledger, write, last } = await metered();
    await write(put('1', absent, { body: { text: 'x'.repeat(3000) } }));
    expect(last()?.units).toEqual({ dynamoWrites: 3 });
    await write(put('1', { version: 1 }));
    expect(last()?.units).toEqual({ dynamoWrites: 3 });
    await ledger.get(key);
    await write({ delete: key, expect: { version: 2 } });
    expect(last()?.units).toEqual({ dynamoWrites: 1 });
  });

  test('counts the writes of the attention index beside a transaction, not doubled', async () => {
    const { write, last } = await metered();
    await write(put('1', absent, { attentionAt: 5 }), put('2', absent));
    expect(last()?.units).toEqual({ dynamoWrites: 4 + 1 });
    await write(put('1', { version: 1 }, { attentionAt: 6 }));
    expect(last()?.units).toEqual({ dynamoWrites: 1 + 2 });
    await write(put('1', { version: 2 }));
    expect(last()?.units).toEqual({ dynamoWrites: 1 + 1 });
  });

  test('counts a refused commit, which the index never hears of', async () => {
    const { write, last } = await metered();
    const result = await write(put('1', { version: 7 }, { attentionAt: 5 }));
    expect([result.ok, last()?.units]).toEqual([false, { dynamoWrites: 1 }]);
  });

  test('takes an item that nobody has read to be in the index, as an effect handed over by the stream is', async () => {
    const { ledger } = await openedWith(put('1', absent, { attentionAt: 5 }));
    const tally = tape();
    const other = meterPorts({ ledger: ledger as Ledger }, tally.meter).ledger;
    await other.commit({ id: 'x', changes: [{ delete: key, expect: { version: 1 } }] });
    expect(tally.total()).toEqual({ dynamoWrites: 2 });
  });

  test('counts a page of a query by its sum, an absent item as one, and a look at the index as half', async () => {
    const { ledger, write, last } = await metered();
    await write(...['1', '2', '3'].map((sk) => put(sk, absent, { body: 'x'.repeat(3000) })));
    await ledger.query('A');
    expect(last()).toEqual({ call: 'ledger.query', units: { dynamoReads: 3 } });
    await ledger.get({ pk: 'B', sk: '1' });
    expect(last()).toEqual({ call: 'ledger.get', units: { dynamoReads: 1 } });
    await ledger.due(0, 1);
    expect(last()).toEqual({ call: 'ledger.due', units: { dynamoReads: 0.5 } });
  });
});

async function openedWith(...changes: Change[]) {
  const ledger = await openLedger({ clock: realClock });
  await ledger.commit({ id: 'before', changes });
  return { ledger };
}

describe('metered ports', () => {
  const answers: ModelReply = { content: '', stop: 'end', inputTokens: 120, outputTokens: 30, costUsd: 0 };
  const given: Pick<Ports, 'queues' | 'workflows' | 'model'> = {
    queues: { send: async () => undefined },
    workflows: { start: async () => 'exists' } as unknown as Ports['workflows'],
    model: { mostUsd: () => 0, complete: async () => answers },
  };

  test.each([
    ['a FIFO message', 'ticks', 'x', { sqsFifo: 1 }],
    ['a standard message', 'sling', 'x', { sqsStandard: 1 }],
    ['a message of 64 KB and a byte', 'sling', 'x'.repeat(65_535), { sqsStandard: 2 }],
  ])('count %s by its kind and by each 64 KB', async (_what, queue, body, units) => {
    const tally = tape();
    await meterPorts(given, tally.meter).queues.send({ queue, body });
    expect(tally.total()).toEqual(units);
  });

  test('count each time that a task asks for its credential', async () => {
    const tally = tape();
    const codeHost = { gitCredential: async () => undefined } as unknown as Ports['codeHost'];
    await meterPorts({ codeHost }, tally.meter).codeHost.gitCredential({ rig: 'green', url: 'https://example.com/x' });
    expect(tally.total()).toEqual({ secretReads: 1 });
  });

  test('count the tokens of a model, and a start of an execution only if it started', async () => {
    const tally = tape();
    const { model, workflows } = meterPorts(given, tally.meter);
    expect(await model.complete({ system: '', messages: [], tools: [], maxTokens: 1 })).toBe(answers);
    expect(await workflows.start('molecule', 'x', {})).toBe('exists');
    expect(tally.total()).toEqual({ modelInputTokens: 120, modelOutputTokens: 30 });
  });

  test('fail as the ports do, uncounted', async () => {
    const tally = tape();
    const broken: Pick<Ports, 'queues'> = { queues: { send: () => Promise.reject(new Error('throttled')) } };
    await expect(meterPorts(broken, tally.meter).queues.send({ queue: 'sling', body: 1 })).rejects.toThrow('throttled');
    expect(tally.calls).toEqual([]);
  });

  test('leave what costs nothing as it is', () => {
    expect(meterPorts({ clock: realClock }, () => undefined).clock).toBe(realClock);
  });
});
