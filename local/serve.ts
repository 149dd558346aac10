/** The API on loopback: one bearer token, this machine's own names, nothing else. */
import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { refuse } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { makeApp } from '../lambdas/api/app.ts';
import type { ApiDeps, ApiOptions } from '../lambdas/api/deps.ts';

export interface ServeOptions extends Pick<ApiOptions, 'webhookSecrets' | 'logs' | 'fleet'> {
  readonly deps: ApiDeps;
  readonly port: number;
  readonly token: string;
  readonly log: Log;
  /** Around each request. */
  readonly run?: (answer: () => Promise<Response>) => Promise<Response>;
}

const address = '127.0.0.1';

export async function serveApi({ deps, port, token, log, run = (answer) => answer(), ...given }: ServeOptions) {
  const app = makeApp(deps, {
    authenticate: (request) => (bears(request, token) ? { name: 'overseer' } : unauthenticated()),
    hostNames: [address, 'localhost'],
    localRemotes: true,
    webhookSecrets: given.webhookSecrets,
    logs: given.logs,
    fleet: given.fleet,
    onSuperseded: (subject) => log('warn', 'a superseded task spoke', { ...subject }),
    onBug: (error) =>
      log('error', 'bug in the API', { error: error instanceof Error ? (error.stack ?? '') : String(error) }),
  });
  const server = serve({ fetch: (request, env) => run(async () => app.fetch(request, env)), hostname: address, port });
  const bound = await new Promise<AddressInfo>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? portTaken(port) : error),
    );
    server.once('listening', () => resolve(server.address() as AddressInfo));
  });
  return {
    url: `http://${address}:${bound.port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

function bears(request: Request, token: string): boolean {
  const given = Buffer.from(request.headers.get('authorization') ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const unauthenticated = () =>
  refuse(
    401,
    'TOKEN_MISSING',
    'This town was not told who you are, or the token is not its own.',
    'Send "Authorization: Bearer <token>"; the token is in the file "token" of the state directory.',
  );

const portTaken = (port: number) =>
  refuse(
    409,
    'PORT_TAKEN',
    `Port ${port} is in use.`,
    'Is a town running already? Otherwise choose another with --port.',
  );
