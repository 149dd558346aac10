/** A service of AWS on loopback that answers as it is told: the SDK in front of it is the real one. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { clientSettings } from '../../aws/clients.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** The operation, for the services that name it in a header: `PutItem`. */
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Answer {
  readonly status: number;
  /** An object goes as JSON, text as it is. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `hang up`: the connection breaks after the request was read. `say nothing`: it stays open without an answer. */
export type Reaction = Answer | 'hang up' | 'say nothing';

export const ok = (body: object | string = {}, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  body,
  headers,
});

/** An error as the JSON protocols carry it. */
export const fault = (type: string, fields: object = {}, status = 400): Answer => ({
  status,
  body: { __type: `com.amazonaws.service#${type}`, message: `${type} happened`, ...fields },
});

export interface FakeService {
  /** What to give to a client of the SDK. */
  readonly settings: ReturnType<typeof settingsFor>;
  readonly seen: readonly SeenRequest[];
  /** The next reactions, in order; the last one repeats. */
  willAnswer(...reactions: readonly Reaction[]): void;
  close(): Promise<void>;
}

const settingsFor = (endpoint: string) => ({
  ...clientSettings({ requestTimeoutMs: 300 }),
  maxAttempts: 2,
  /** The adaptive mode would slow every test after one that throttles. */
  retryMode: 'standard',
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

/** What the servers of both protocols hand over. */
interface Incoming extends Readable {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}
interface Outgoing extends Writable {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
}

async function textOf(request: Incoming): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** `http2` for Bedrock’s runtime, whose client speaks nothing else. */
export async function fakeService(protocol: 'http1' | 'http2' = 'http1'): Promise<FakeService> {
  let reactions: Reaction[] = [];
  let seen: SeenRequest[] = [];
  const answer = async (request: Incoming, response: Outgoing): Promise<void> => {
    const text = await textOf(request);
    const target = String(request.headers['x-amz-target'] ?? '');
    const { method = '', url = '', headers } = request;
    seen.push({ method, path: url, operation: target.slice(target.indexOf('.') + 1), headers, text });
    const reaction = reactions.length > 1 ? reactions.shift() : reactions[0];
    if (reaction === 'say nothing') return;
    if (reaction === undefined || reaction === 'hang up') {
      request.destroy();
      return;
    }
    const { status, body = '', headers: more = {} } = reaction;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...more });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const server = protocol === 'http1' ? createServer(answer) : createHttp2Server(answer);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: settingsFor(`http://127.0.0.1:${port}`),
    get seen() {
      return seen;
    },
    willAnswer(...next) {
      reactions = [...next];
      seen = [];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export const jsonOf = (request: SeenRequest | undefined): unknown => JSON.parse(request?.text ?? 'null');
