/** One request to a server outside: no redirects, nothing kept, and through the proxy that leads there, if one does. */
import { type IncomingMessage, request as plain } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { tunnel } from './tunnel.ts';

export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
  /** For https alone: `proxyFor` names no other. */
  readonly proxy?: URL | undefined;
}

/** A model may think for minutes before its first byte; a connection that says nothing for longer is dead. */
const silenceMs = 10 * 60_000;

export async function send({ method, url, headers, body, signal, proxy }: Sent): Promise<IncomingMessage> {
  const open = url.protocol === 'https:' ? (await import('node:https')).request : plain;
  const options = {
    method,
    signal,
    headers: { ...headers, 'content-length': String(body.byteLength) },
    timeout: silenceMs,
    ...(proxy && (await through(await tunnel(proxy, url, signal), url))),
  };
  return new Promise((resolve, reject) => {
    const request = open(url, options, resolve);
    request.on('timeout', () => request.destroy(new Error(`nothing was heard for ${silenceMs / 60_000} minutes`)));
    request.on('error', reject);
    request.end(body);
  });
}

/** The server proves itself to us, not to the proxy. */
async function through(socket: Socket, { hostname: host }: URL): Promise<{ createConnection: () => Socket }> {
  const { connect } = await import('node:tls');
  return { createConnection: () => connect({ socket, host, ...(isIP(host) ? {} : { servername: host }) }) };
}
