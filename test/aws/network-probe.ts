/**
 * Reads one item from each endpoint in `argv` and prints the names of the errors. A process of its own: under jest
 * Node's own errors are of another realm, and the SDK wraps them as it never does elsewhere.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../../aws/clients.ts';
import { makeLedger } from '../../aws/ledger.ts';

async function errorNameAt(endpoint: string): Promise<string> {
  const client = new DynamoDBClient({
    ...clientSettings({ requestTimeoutMs: 300 }),
    maxAttempts: 2,
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  try {
    await makeLedger(client, { table: 'town' }).get({ pk: 'P', sk: 'A' });
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  } finally {
    client.destroy();
  }
}

const names = await Promise.all(process.argv.slice(2).map(errorNameAt));
process.stdout.write(JSON.stringify(names));
