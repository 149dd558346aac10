/**
 * Reads one item from the endpoint in `argv` and prints the name of the error. A process of its own: under jest Node's
 * own errors are of another realm, and the SDK wraps them as it never does elsewhere.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../../aws/clients.ts';
import { makeLedger } from '../../aws/ledger.ts';

const client = new DynamoDBClient({
  ...clientSettings({ requestTimeoutMs: 300 }),
  maxAttempts: 2,
  endpoint: process.argv[2] ?? '',
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
try {
  await makeLedger(client, { table: 'town' }).get({ pk: 'P', sk: 'A' });
  process.stdout.write('none');
} catch (error) {
  process.stdout.write(error instanceof Error ? error.name : 'unknown');
}
client.destroy();
