/**
 * How every client of the AWS SDK is set up: `new DynamoDBClient(clientSettings())`. Region, credentials and
 * endpoint (`AWS_ENDPOINT_URL`) are the SDK's own business. Clients are made once, where a function starts.
 */

export interface ClientSettings {
  readonly maxAttempts: number;
  readonly retryMode: 'adaptive';
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
    readonly httpAgent: { readonly keepAlive: true; readonly maxSockets: number };
    readonly httpsAgent: { readonly keepAlive: true; readonly maxSockets: number };
  };
}

const connectionTimeoutMs = 1000;
/** Every call here is short; the longest answers are a 1 MB page and a 4 MB transaction. */
const requestTimeoutMs = 5000;
/** With their backoff, four tries end well inside the shortest function time-out (29 s): 4 × (1 + 5) s at worst. */
const attemptsMax = 4;
const socketsMax = 50;

/** `requestTimeoutMs`: for the one client whose answers are slow, the model's. */
export const clientSettings = (options: { readonly requestTimeoutMs?: number } = {}): ClientSettings => ({
  maxAttempts: attemptsMax,
  /** Slows all calls of this client down while its service throttles. */
  retryMode: 'adaptive',
  requestHandler: {
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: options.requestTimeoutMs ?? requestTimeoutMs,
    /** Without it the SDK only warns about a request that takes too long. */
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: socketsMax },
    httpsAgent: { keepAlive: true, maxSockets: socketsMax },
  },
});
