/** What the proxy itself says, as the Messages API would: an error with a type, or an error in mid-stream. */
import type { ServerResponse } from 'node:http';

/** The API's own types. `billing_error` is not tried again by the agents that speak it. */
const types = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  502: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
} as const;

export const errorBody = (status: number, message: string): string =>
  JSON.stringify({
    type: 'error',
    error: { type: types[status as keyof typeof types] ?? 'api_error', message },
  });

/** Where the answer has begun already: an error event in a stream, and else a connection that breaks. */
export function refuse(response: ServerResponse, status: keyof typeof types, message: string): void {
  const body = errorBody(status, message);
  if (!response.headersSent) {
    const again = status === 502 || status === 503;
    response.writeHead(status, { 'content-type': 'application/json', ...(again ? {} : { 'x-should-retry': 'false' }) });
    response.end(body);
  } else if (String(response.getHeader('content-type')).startsWith('text/event-stream')) {
    response.end(`event: error\ndata: ${body}\n\n`);
  } else {
    response.destroy();
  }
}
