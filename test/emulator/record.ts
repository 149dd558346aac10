/** The table of a deployed town, seen from outside: what is in it, and every effect that was ever put into it. */
import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { itemOf } from '../../aws/items.ts';
import { type ItemKind, kindOf } from '../../core/keys.ts';
import type { Item } from '../../core/ports.ts';
import { json } from './aws-api.ts';

type Row = Record<string, AttributeValue>;

const client = new DynamoDBClient();

async function rowsOf(table: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let from: Row | undefined; ; ) {
    const page = await client.send(
      new ScanCommand({ TableName: table, ConsistentRead: true, ...(from ? { ExclusiveStartKey: from } : {}) }),
    );
    rows.push(...(page.Items ?? []));
    if (!page.LastEvaluatedKey) return rows;
    from = page.LastEvaluatedKey;
  }
}

export const itemsOf = async (table: string): Promise<readonly Item[]> =>
  (await rowsOf(table)).map((row) => itemOf(row));

export const effectsLeft = async (table: string): Promise<number> =>
  (await itemsOf(table)).filter((item) => kindOf(item) === 'effect').length;

/** Rows of all effects since the table was made, from its stream. */
export async function effectsEver(table: string): Promise<readonly Row[]> {
  const streams = <T>(call: string, body: object) =>
    json<T>('dynamodb', '1.0', `DynamoDBStreams_20120810.${call}`, body);
  const { Streams } = await streams<{ Streams: { StreamArn: string }[] }>('ListStreams', { TableName: table });
  const { StreamArn } = Streams[0] ?? {};
  const { StreamDescription } = await streams<{ StreamDescription: { Shards: { ShardId: string }[] } }>(
    'DescribeStream',
    { StreamArn },
  );
  const effects: Row[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    let { ShardIterator: iterator } = await streams<{ ShardIterator?: string }>('GetShardIterator', {
      StreamArn,
      ShardId,
      ShardIteratorType: 'TRIM_HORIZON',
    });
    while (iterator) {
      const page: { Records: StreamRecord[]; NextShardIterator?: string } = await streams('GetRecords', {
        ShardIterator: iterator,
      });
      for (const { eventName, dynamodb } of page.Records)
        if (eventName === 'INSERT' && kindOf(itemOf(dynamodb.NewImage)) === 'effect') effects.push(dynamodb.NewImage);
      iterator = page.Records.length > 0 ? page.NextShardIterator : undefined;
    }
  }
  return effects;
}

interface StreamRecord {
  readonly eventName: string;
  readonly dynamodb: { readonly NewImage: Row };
}

/** Puts an effect's row back as it was: the stream brings it to its function once more. */
export const putAgain = (table: string, row: Row) => client.send(new PutItemCommand({ TableName: table, Item: row }));

const lasting: ReadonlySet<ItemKind> = new Set(['bead', 'convoy', 'rig', 'escalation', 'candidate', 'landing']);

/** What decisions are made from, without the versions that a harmless rewrite may count up. */
export const recordOf = (items: readonly Item[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    items
      .filter((item) => lasting.has(kindOf(item)) || item.sk.startsWith('MR#'))
      .map(({ pk, sk, body }) => [`${pk} ${sk}`, body]),
  );
