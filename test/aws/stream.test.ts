import { expect, test } from '@jest/globals';
import { itemOfStreamRecord } from '../../aws/stream.ts';

const image = {
  pk: { S: 'EFFECT#01JD' },
  sk: { S: '000' },
  version: { N: '1' },
  commit: { S: '01JD' },
  attentionShard: { N: '3' },
  attentionAt: { N: '1700000000000' },
  expires: { N: '1700000001' },
  expiresAt: { N: '1700000000001' },
  body: { M: { effect: { M: { do: { S: 'wake' } } }, list: { L: [{ NULL: true }, { BOOL: false }, { N: '-1.5' }] } } },
};

test('a record of the stream is the item that was written', () => {
  expect(itemOfStreamRecord({ eventName: 'INSERT', dynamodb: { NewImage: image } })).toEqual({
    pk: 'EFFECT#01JD',
    sk: '000',
    version: 1,
    commit: '01JD',
    attentionAt: 1_700_000_000_000,
    expiresAt: 1_700_000_000_001,
    body: { effect: { do: 'wake' }, list: [null, false, -1.5] },
  });
});

test('a removal leaves no item', () => {
  expect(itemOfStreamRecord({ eventName: 'REMOVE', dynamodb: {} })).toBeUndefined();
});

test('what the ledger did not write is an error, not half an item', () => {
  const { commit: _, ...unstamped } = image;
  expect(() => itemOfStreamRecord({ eventName: 'INSERT', dynamodb: { NewImage: unstamped } })).toThrow('"commit"');
  const strange = { ...image, body: { SS: ['a', 'b'] } as object };
  expect(() => itemOfStreamRecord({ eventName: 'INSERT', dynamodb: { NewImage: strange } })).toThrow('BUG');
});
