/**
 * The ledger on one DynamoDB table. The only file that knows DynamoDB's expressions: an `Expectation` becomes a
 * condition here and nowhere else.
 */
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LedgerRefused } from '../core/errors.ts';
import { tokenOf } from '../core/hash.ts';
import {
  checkCommit,
  checkKey,
  checkLimit,
  checkPartitionKey,
  checkSizes,
  keyOfChange,
} from '../core/ledger-refusals.ts';
import type {
  Change,
  Commit,
  CommitResult,
  DuePage,
  Expectation,
  Item,
  Key,
  Ledger,
  Page,
  QueryOptions,
} from '../core/ports.ts';
import { attributeOf, bytesOfMap } from './attributes.ts';
import { answerOf } from './errors.ts';
import { fieldsOf, itemOf, keyOf, keyRow, optionalFields, type Row } from './items.ts';
import { refusedWrites } from './ledger-errors.ts';
import { table as layout } from './table.ts';

/** DynamoDB: a `ClientRequestToken` has at most 36 characters. */
const requestTokenChars = 36;

interface Condition {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Row;
}

/** Names are given through `#`: `body`, `commit` and others are words of DynamoDB's own. */
function conditionOf(expect: Expectation): Condition {
  if ('any' in expect) return {};
  if ('body' in expect) return bodyConditionOf(expect.body);
  if ('absent' in expect || expect.version === 0) {
    return { ConditionExpression: 'attribute_not_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } };
  }
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': attributeOf(expect.version) },
  };
}

function bodyConditionOf(fields: Readonly<Record<string, string | number | boolean>>): Condition {
  const entries = Object.entries(fields);
  const tests = entries.map((_, i) => `#body.#field${i} = :field${i}`);
  if (tests.length === 0) {
    return { ConditionExpression: 'attribute_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } };
  }
  return {
    ConditionExpression: tests.join(' AND '),
    ExpressionAttributeNames: Object.fromEntries([
      ['#body', 'body'],
      ...entries.map(([name], i) => [`#field${i}`, name]),
    ]),
    ExpressionAttributeValues: Object.fromEntries(entries.map(([, value], i) => [`:field${i}`, attributeOf(value)])),
  };
}

/** The version that this write makes, where the expectation says it. */
function nextVersionOf(expect: Expectation): number | undefined {
  if ('absent' in expect) return 1;
  return 'version' in expect ? expect.version + 1 : undefined;
}

interface Write {
  readonly key: Key;
  readonly bytes: number;
  /** Absent: nothing to ask of the table. */
  readonly action?: TransactWriteItem;
}

function writeOf(table: string, commit: string, change: Change): Write {
  const { pk, sk } = keyOfChange(change);
  const key = { pk, sk };
  const place = {
    TableName: table,
    ...conditionOf(change.expect),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
  if ('put' in change) {
    const fields = fieldsOf(change.put, commit);
    const version = nextVersionOf(change.expect);
    const row: Row = { ...keyRow(key), version: attributeOf(version ?? 1), ...fields };
    const action =
      version === undefined
        ? { Update: { ...place, ...updateOf(key, fields, place) } }
        : { Put: { ...place, Item: row } };
    return { key, bytes: bytesOfMap(row), action };
  }
  const bytes = bytesOfMap(keyRow(key));
  if ('delete' in change) return { key, bytes, action: { Delete: { ...place, Key: keyRow(key) } } };
  const { ConditionExpression } = place;
  // A check that expects anything asks nothing, and DynamoDB refuses a check without a condition.
  if (ConditionExpression === undefined) return { key, bytes };
  return { key, bytes, action: { ConditionCheck: { ...place, ConditionExpression, Key: keyRow(key) } } };
}

/**
 * A put whose expectation does not tell the version: the table counts. It never counts one commit twice, although the
 * SDK repeats a write whose answer was lost.
 */
function updateOf(key: Key, fields: Row, condition: Condition) {
  const names = Object.keys(fields);
  const gone = optionalFields.filter((name) => !names.includes(name));
  const set = names.map((name) => `#${name} = :${name}`).join(', ');
  const remove = gone.length > 0 ? ` REMOVE ${gone.join(', ')}` : '';
  return {
    Key: keyRow(key),
    UpdateExpression: `SET #version = if_not_exists(#version, :none) + :one, ${set}${remove}`,
    ConditionExpression: condition.ConditionExpression
      ? `${condition.ConditionExpression} AND #commit <> :commit`
      : 'attribute_not_exists(#commit) OR #commit <> :commit',
    ExpressionAttributeNames: {
      ...condition.ExpressionAttributeNames,
      '#version': 'version',
      ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
    },
    ExpressionAttributeValues: {
      ...condition.ExpressionAttributeValues,
      ':none': attributeOf(0),
      ':one': attributeOf(1),
      ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`:${name}`, value])),
    },
  };
}

/** One action alone costs half of a transaction; a condition alone has no call of its own. */
function send(client: DynamoDBClient, commit: string, actions: readonly TransactWriteItem[]): Promise<unknown> {
  const [only, ...more] = actions;
  if (only && more.length === 0) {
    if (only.Put) return client.send(new PutItemCommand(only.Put));
    if (only.Update) return client.send(new UpdateItemCommand(only.Update));
    if (only.Delete) return client.send(new DeleteItemCommand(only.Delete));
  }
  return client.send(
    new TransactWriteItemsCommand({
      TransactItems: [...actions],
      ClientRequestToken: tokenOf(commit).slice(0, requestTokenChars),
    }),
  );
}

async function commitTo(client: DynamoDBClient, table: string, commit: Commit): Promise<CommitResult> {
  checkCommit(commit);
  const writes = commit.changes.map((change) => writeOf(table, commit.id, change));
  checkSizes(
    commit.changes,
    writes.map(({ bytes }) => bytes),
  );
  const asked = writes.flatMap(({ key, action }) => (action ? [{ key, action }] : []));
  if (asked.length === 0) return { ok: true };
  const actions = asked.map(({ action }) => action);
  try {
    await answerOf(`commit ${commit.id}`, send(client, commit.id, actions));
    return { ok: true };
  } catch (error) {
    const failures = refusedWrites(error, commit.id, asked.length);
    // The commit's own stamp on what stands in its way: an earlier try of it was written, and its answer lost.
    const written = failures.some(({ index, stored }) => {
      const action = actions[index];
      return stored?.commit?.S === commit.id && (action?.Put ?? action?.Update) !== undefined;
    });
    if (written) return { ok: true };
    return { ok: false, conflicts: failures.flatMap(({ index }) => asked[index]?.key ?? []) };
  }
}

/** Where `after` lies: before the keys that start with `prefix`, among them, or behind them. */
function placeOf(after: string, prefix: string): 'before' | 'among' | 'behind' {
  if (after.startsWith(prefix)) return 'among';
  return Buffer.compare(Buffer.from(after), Buffer.from(prefix)) < 0 ? 'before' : 'behind';
}

/** DynamoDB refuses to start outside the range it is asked for: that is either from its edge, or nothing at all. */
function startOf(pk: string, { after, prefix = '', reverse = false }: QueryOptions): Row | undefined | 'nothing' {
  if (after === undefined) return undefined;
  if (after === '') return reverse ? 'nothing' : undefined;
  const place = placeOf(after, prefix);
  if (place === 'among') return keyRow({ pk, sk: after });
  return (place === 'before') === reverse ? 'nothing' : undefined;
}

async function queryFrom(
  client: DynamoDBClient,
  table: string,
  pk: string,
  options: QueryOptions,
): Promise<Page<Item>> {
  checkPartitionKey(pk);
  checkLimit(options.limit);
  const start = startOf(pk, options);
  if (start === 'nothing') return { items: [] };
  const prefix = options.prefix
    ? {
        expression: ' AND begins_with(#sk, :prefix)',
        names: { '#sk': 'sk' },
        values: { ':prefix': attributeOf(options.prefix) },
      }
    : { expression: '', names: {}, values: {} };
  const input: QueryCommandInput = {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: `#pk = :pk${prefix.expression}`,
    ExpressionAttributeNames: { '#pk': 'pk', ...prefix.names },
    ExpressionAttributeValues: { ':pk': attributeOf(pk), ...prefix.values },
    ScanIndexForward: !options.reverse,
    Limit: options.limit,
    ExclusiveStartKey: start,
  };
  const answer = await answerOf(`query ${pk}`, client.send(new QueryCommand(input)));
  const items = (answer.Items ?? []).map(itemOf);
  return answer.LastEvaluatedKey ? { items, next: keyOf(answer.LastEvaluatedKey).sk } : { items };
}

const cursorOf = (row: Row): string => Buffer.from(JSON.stringify(row)).toString('base64url');
const rowOf = (cursor: string): Row => JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Row;

async function dueIn(client: DynamoDBClient, table: string, request: Parameters<Ledger['due']>): Promise<DuePage> {
  const [shard, by, { limit, after } = {}] = request;
  checkLimit(limit);
  if (Number.isNaN(by)) throw new LedgerRefused('BAD_VALUE', 'due by NaN');
  const { name, partitionKey, sortKey } = layout.attention;
  // DynamoDB has no infinity; no instant is later than this.
  const latest = Math.min(by, Number.MAX_SAFE_INTEGER);
  const input: QueryCommandInput = {
    TableName: table,
    IndexName: name,
    KeyConditionExpression: '#shard = :shard AND #at <= :by',
    ExpressionAttributeNames: { '#shard': partitionKey.name, '#at': sortKey.name },
    ExpressionAttributeValues: { ':shard': attributeOf(shard), ':by': attributeOf(latest) },
    Limit: limit,
    ExclusiveStartKey: after === undefined ? undefined : rowOf(after),
  };
  const answer = await answerOf(`due ${shard}`, client.send(new QueryCommand(input)));
  const keys = (answer.Items ?? []).map((row) => ({ ...keyOf(row), attentionAt: Number(row[sortKey.name]?.N) }));
  return answer.LastEvaluatedKey ? { keys, next: cursorOf(answer.LastEvaluatedKey) } : { keys };
}

export const makeLedger = (client: DynamoDBClient, { table }: { readonly table: string }): Ledger => ({
  async get(key) {
    checkKey(key);
    const input = { TableName: table, Key: keyRow(key), ConsistentRead: true };
    const { Item } = await answerOf(`get ${key.pk} ${key.sk}`, client.send(new GetItemCommand(input)));
    return Item && itemOf(Item);
  },
  query: (pk, options = {}) => queryFrom(client, table, pk, options),
  commit: (commit) => commitTo(client, table, commit),
  due: (...request) => dueIn(client, table, request),
});
