/** What an error of the AWS SDK means to the town: repeat it, or not. */
import { Unavailable } from '../core/errors.ts';

/** The SDK's errors carry more than `Error` says; nothing of it is certain for an error from below the SDK. */
interface ServiceError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly $fault?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
}

const asServiceError = (error: unknown): ServiceError =>
  typeof error === 'object' && error !== null && 'name' in error && 'message' in error
    ? (error as ServiceError)
    : { name: 'Unknown', message: String(error) };

export const nameOf = (error: unknown): string => asServiceError(error).name;
export const messageOf = (error: unknown): string => asServiceError(error).message;

/** Services spell throttling in many ways; S3 says `SlowDown`, SQS `OverLimit`, DynamoDB has three. */
const throttles = /throttl|TooManyRequests|LimitExceeded|ThroughputExceeded|SlowDown|OverLimit/i;

/** The call may have happened: a time-out, a damaged answer, or another try of the same request under way. */
const lost = new Set([
  'AbortError',
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'TransactionInProgressException',
  'PriorRequestNotComplete',
  /** SQS answered for another message; the SDK says so in the message of a plain error. */
  'InvalidChecksumError',
]);
/** Nobody was reached. */
const unreachedCodes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];
const brokenCodes = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE']);
const networkCodes = new Set([...unreachedCodes, ...brokenCodes]);

export const isThrottle = (error: unknown): boolean => {
  const { name, $metadata } = asServiceError(error);
  return throttles.test(name) || $metadata?.httpStatusCode === 429;
};

export function isUnavailable(error: unknown): boolean {
  const { name, message, code, $fault, $metadata, $response } = asServiceError(error);
  const status = $metadata?.httpStatusCode ?? $response?.statusCode ?? 0;
  return (
    isThrottle(error) ||
    status >= 500 ||
    $fault === 'server' ||
    lost.has(name) ||
    lost.has(message) ||
    (typeof code === 'string' && (networkCodes.has(code) || code.startsWith('ERR_HTTP2')))
  );
}

/** The request may have been carried out, for all that one knows on this side. */
export function mayHaveHappened(error: unknown): boolean {
  const { name, message, code, $metadata, $response } = asServiceError(error);
  // An answer that cannot be read is one.
  if ([$metadata?.httpStatusCode, $response?.statusCode].includes(200)) return true;
  if (lost.has(name) || lost.has(message)) return true;
  return typeof code === 'string' && (brokenCodes.has(code) || code.startsWith('ERR_HTTP2'));
}

/** The service understood the request, and will answer it in the same way again. */
export const isClientFault = (error: unknown): boolean => asServiceError(error).$fault === 'client';

/** What is worth repeating as `Unavailable`, everything else as it came. */
export const thrownBy = (what: string, error: unknown): unknown =>
  isUnavailable(error) ? new Unavailable(`${what}: ${nameOf(error)}: ${messageOf(error)}`, { cause: error }) : error;

/** The answer of a call, or what to throw instead of it. */
export async function answerOf<Answer>(what: string, sent: Promise<Answer>): Promise<Answer> {
  try {
    return await sent;
  } catch (error) {
    throw thrownBy(what, error);
  }
}
