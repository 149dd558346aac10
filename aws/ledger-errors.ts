/** What DynamoDB says when it does not write: whose condition failed, try again, or never. */
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { LedgerRefused, Unavailable } from '../core/errors.ts';
import { messageOf, nameOf } from './errors.ts';
import type { Row } from './items.ts';

export interface RefusedWrite {
  /** Its place in what was sent. */
  readonly index: number;
  /** What stands there now, if the condition was asked for. */
  readonly stored?: Row | undefined;
}

/** The writes that were not as expected, or held by another transaction. Throws whatever is not a conflict. */
export function refusedWrites(error: unknown, commit: string, count: number): readonly RefusedWrite[] {
  if (error instanceof ConditionalCheckFailedException) return [{ index: 0, stored: error.Item }];
  if (nameOf(error) === 'TransactionConflictException') return [{ index: 0 }];
  if (error instanceof TransactionCanceledException) return reasonsOf(error, commit, count);
  throw refusalOf(error) ?? error;
}

function reasonsOf(error: TransactionCanceledException, commit: string, count: number): readonly RefusedWrite[] {
  const reasons = error.CancellationReasons ?? [];
  const failed = reasons.flatMap(({ Code, Item }, index) =>
    index < count && (Code === 'ConditionalCheckFailed' || Code === 'TransactionConflict')
      ? [{ index, stored: Item }]
      : [],
  );
  if (failed.length > 0) return failed;
  const invalid = reasons.find(({ Code }) => Code === 'ValidationError');
  if (invalid) throw refusalOfText(invalid.Message ?? 'a write was refused');
  const codes = reasons.map(({ Code }) => Code).filter((code) => code && code !== 'None');
  throw new Unavailable(`commit ${commit}: transaction cancelled: ${codes.join(', ') || error.message}`, {
    cause: error,
  });
}

const refusalOf = (error: unknown): LedgerRefused | undefined =>
  nameOf(error) === 'ValidationException' || nameOf(error) === 'ItemCollectionSizeLimitExceededException'
    ? refusalOfText(messageOf(error))
    : undefined;

/** The commit was measured before it was sent, so these are the cases where DynamoDB counts otherwise. */
function refusalOfText(text: string): LedgerRefused {
  if (/item size/i.test(text)) return new LedgerRefused('ITEM_TOO_LARGE', text);
  if (/(aggregate|collection|request) size|4 ?MB/i.test(text)) return new LedgerRefused('COMMIT_TOO_LARGE', text);
  if (/key/i.test(text)) return new LedgerRefused('BAD_KEY', text);
  return new LedgerRefused('BAD_VALUE', text);
}
