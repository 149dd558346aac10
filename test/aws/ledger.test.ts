import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { makeLedger } from '../../aws/ledger.ts';
import { table as layout } from '../../aws/table.ts';
import type { Change, Commit, Ledger } from '../../core/ports.ts';
import { fresh } from '../contract/fresh.ts';
import { ledgerContract } from '../contract/ledger-contract.ts';
import { endpointSettings, onAws } from './endpoint.ts';
import { type FakeService, fakeService, fault, jsonOf, ok } from './fake-service.ts';

onAws(() => {
  ledgerContract(
    'on DynamoDB',
    async () => {
      const client = new DynamoDBClient(endpointSettings());
      const TableName = fresh('town');
      const { partitionKey, sortKey, attention } = layout;
      await client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [partitionKey, sortKey, attention.partitionKey, attention.sortKey].map(
            ({ name, type }) => ({ AttributeName: name, AttributeType: type }),
          ),
          KeySchema: [
            { AttributeName: partitionKey.name, KeyType: 'HASH' },
            { AttributeName: sortKey.name, KeyType: 'RANGE' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: attention.name,
              KeySchema: [
                { AttributeName: attention.partitionKey.name, KeyType: 'HASH' },
                { AttributeName: attention.sortKey.name, KeyType: 'RANGE' },
              ],
              Projection: { ProjectionType: 'KEYS_ONLY' },
            },
          ],
        }),
      );
      await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName });
      const dispose = async () => {
        await client.send(new DeleteTableCommand({ TableName }));
        client.destroy();
      };
      return { ledger: makeLedger(client, { table: TableName }), dispose };
    },
    { dueWithinMs: 10_000, runs: 5 },
  );
});

const put = (sk: string, expect: Change['expect'] = { absent: true }): Change => ({
  put: { pk: 'P', sk, body: { n: 1 } },
  expect,
});
const commitOf = (...changes: readonly Change[]): Commit => ({ id: '01JD2M5Z7W8XQ', changes });
const two = commitOf(put('A'), { check: { pk: 'P', sk: 'B' }, expect: { version: 3 } });
const one = commitOf(put('A'));
const cancelled = (...codes: readonly (string | { Code: string; Item?: object; Message?: string })[]) =>
  fault('TransactionCanceledException', {
    CancellationReasons: codes.map((code) => (typeof code === 'string' ? { Code: code } : code)),
  });
const stamped = (commit: string) => ({ pk: { S: 'P' }, sk: { S: 'A' }, commit: { S: commit } });

describe('the ledger’s use of DynamoDB', () => {
  let service: FakeService;
  let client: DynamoDBClient;
  let ledger: Ledger;
  beforeAll(async () => {
    service = await fakeService();
    client = new DynamoDBClient(service.settings);
    ledger = makeLedger(client, { table: 'town' });
  });
  beforeEach(() => service.willAnswer(ok()));
  afterAll(async () => {
    client.destroy();
    await service.close();
  });

  test('a change alone is a plain conditional write, at half the price of a transaction', async () => {
    expect(await ledger.commit(one)).toEqual({ ok: true });
    expect(service.seen.map(({ operation }) => operation)).toEqual(['PutItem']);
    expect(jsonOf(service.seen[0])).toMatchObject({
      TableName: 'town',
      ConditionExpression: 'attribute_not_exists(#pk)',
      Item: { pk: { S: 'P' }, version: { N: '1' }, commit: { S: one.id }, body: { M: { n: { N: '1' } } } },
    });
    await ledger.commit(commitOf({ delete: { pk: 'P', sk: 'A' }, expect: { version: 7 } }));
    expect(service.seen.map(({ operation }) => operation)).toEqual(['PutItem', 'DeleteItem']);
  });

  test('a check alone still goes as a transaction, and one that expects anything goes nowhere', async () => {
    await ledger.commit(commitOf({ check: { pk: 'P', sk: 'A' }, expect: { version: 7 } }));
    expect(service.seen.map(({ operation }) => operation)).toEqual(['TransactWriteItems']);
    service.willAnswer(ok());
    expect(await ledger.commit(commitOf({ check: { pk: 'P', sk: 'A' }, expect: { any: true } }))).toEqual({ ok: true });
    expect(service.seen).toHaveLength(0);
  });

  test('the request token is the same for the same commit only, and DynamoDB takes its length', async () => {
    await ledger.commit(two);
    await ledger.commit(two);
    await ledger.commit({ ...two, id: 'another' });
    const tokens = service.seen.map(
      (request) => (jsonOf(request) as { ClientRequestToken: string }).ClientRequestToken,
    );
    expect(tokens[0]).toMatch(/^[0-9a-f]{36}$/);
    expect(tokens[1]).toBe(tokens[0]);
    expect(tokens[2]).not.toBe(tokens[0]);
  });

  test('reads are strongly consistent', async () => {
    await ledger.get({ pk: 'P', sk: 'A' });
    await ledger.query('P');
    expect(service.seen.map((request) => (jsonOf(request) as { ConsistentRead: boolean }).ConsistentRead)).toEqual([
      true,
      true,
    ]);
  });

  test('a page that starts outside its prefix starts at the edge, or is empty without a question', async () => {
    const asked = async (after: string, reverse: boolean) => {
      service.willAnswer(ok({ Items: [] }));
      await ledger.query('P', { prefix: 'B#', after, reverse });
      return service.seen.map((request) => (jsonOf(request) as { ExclusiveStartKey?: object }).ExclusiveStartKey);
    };
    expect(await asked('A', false)).toEqual([undefined]);
    expect(await asked('C', false)).toEqual([]);
    expect(await asked('A', true)).toEqual([]);
    expect(await asked('C', true)).toEqual([undefined]);
    expect(await asked('B#5', true)).toEqual([{ pk: { S: 'P' }, sk: { S: 'B#5' } }]);
  });

  describe('conflicts', () => {
    test('a failed condition of a write alone names its key', async () => {
      service.willAnswer(fault('ConditionalCheckFailedException'));
      expect(await ledger.commit(one)).toEqual({ ok: false, conflicts: [{ pk: 'P', sk: 'A' }] });
    });

    test('the reasons of a cancelled transaction name the keys in their places', async () => {
      service.willAnswer(cancelled('None', 'ConditionalCheckFailed'));
      expect(await ledger.commit(two)).toEqual({ ok: false, conflicts: [{ pk: 'P', sk: 'B' }] });
      service.willAnswer(cancelled('ConditionalCheckFailed', 'TransactionConflict'));
      expect(await ledger.commit(two)).toEqual({
        ok: false,
        conflicts: [
          { pk: 'P', sk: 'A' },
          { pk: 'P', sk: 'B' },
        ],
      });
    });

    test('a check that asks nothing does not shift the names of the others', async () => {
      service.willAnswer(cancelled('None', 'ConditionalCheckFailed'));
      const changes = [{ check: { pk: 'P', sk: '0' }, expect: { any: true } } as const, ...two.changes];
      expect(await ledger.commit({ ...two, changes })).toEqual({ ok: false, conflicts: [{ pk: 'P', sk: 'B' }] });
    });

    test('a write alone that meets a transaction is a conflict', async () => {
      service.willAnswer(fault('TransactionConflictException'));
      expect(await ledger.commit(one)).toEqual({ ok: false, conflicts: [{ pk: 'P', sk: 'A' }] });
    });

    test('a write whose answer was lost, and which the SDK repeats, finds its own stamp and has succeeded', async () => {
      service.willAnswer('hang up', fault('ConditionalCheckFailedException', { Item: stamped(one.id) }));
      expect(await ledger.commit(one)).toEqual({ ok: true });
      expect(service.seen).toHaveLength(2);
      service.willAnswer(cancelled({ Code: 'ConditionalCheckFailed', Item: stamped(two.id) }, 'None'));
      expect(await ledger.commit(two)).toEqual({ ok: true });
      service.willAnswer(cancelled({ Code: 'ConditionalCheckFailed', Item: stamped('someone else') }, 'None'));
      expect(await ledger.commit(two)).toMatchObject({ ok: false });
    });
  });

  describe('errors', () => {
    const errorOf = async (commit: Commit): Promise<unknown> => {
      try {
        return await ledger.commit(commit);
      } catch (error) {
        return error;
      }
    };

    test.each([
      ['throttling', fault('ThrottlingException')],
      ['too much for the table', fault('ProvisionedThroughputExceededException')],
      ['too much for the account', fault('RequestLimitExceeded')],
      ['an internal error', fault('InternalServerError', {}, 500)],
      ['a gateway’s page', { status: 502, body: '<html>bad gateway</html>', headers: { 'content-type': 'text/html' } }],
      ['the same transaction under way', fault('TransactionInProgressException')],
      ['a throttled part of the transaction', cancelled('None', 'ThrottlingError')],
      ['a part that is over its throughput', cancelled('ProvisionedThroughputExceeded', 'None')],
      ['no answer in time', 'say nothing'],
    ] as const)('%s is worth repeating', async (_, reaction) => {
      service.willAnswer(reaction);
      expect(await errorOf(two)).toMatchObject({ name: 'Unavailable' });
    });

    test.each([
      ['Item size has exceeded the maximum allowed size', 'ITEM_TOO_LARGE'],
      ['Item size to update has exceeded the maximum allowed size', 'ITEM_TOO_LARGE'],
      ['Transaction request cannot include aggregate size greater than 4 MB', 'COMMIT_TOO_LARGE'],
      ['One or more parameter values are not valid. The AttributeValue for a key attribute cannot be empty', 'BAD_KEY'],
      ['Nesting Levels have exceeded supported limits', 'BAD_VALUE'],
    ])('what DynamoDB finds invalid is refused: %s', async (message, code) => {
      service.willAnswer(fault('ValidationException', { message }));
      expect(await errorOf(one)).toMatchObject({ name: 'LedgerRefused', code });
      service.willAnswer(cancelled({ Code: 'ValidationError', Message: message }, 'None'));
      expect(await errorOf(two)).toMatchObject({ name: 'LedgerRefused', code });
    });

    test('what an operator must mend is neither repeated nor hidden', async () => {
      service.willAnswer(fault('AccessDeniedException'));
      expect(await errorOf(one)).toMatchObject({ name: 'AccessDeniedException' });
      service.willAnswer(fault('ResourceNotFoundException'));
      expect(await errorOf(two)).toMatchObject({ name: 'ResourceNotFoundException' });
    });
  });
});
