/**
 * MiniStack, an AWS emulator that is not ours: on loopback, over TLS, and with IAM in force, so that a grant that is
 * missing fails here as it would in an account. Nothing it keeps outlives it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { call } from './aws-api.ts';

export interface Emulator {
  readonly log: string;
  stop(): void;
}

const startsWithinMs = 60_000;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** Certificate and key of a server on this machine, and the authority to trust for it. */
function makeCertificate(bin: string, dir: string): { cert: string; key: string; ca: string } {
  mkdirSync(dir, { recursive: true });
  const names = ['localhost', '*.localhost', '*.execute-api.localhost', '127.0.0.1'];
  execFileSync(path.join(bin, 'python'), ['-m', 'trustme', '--quiet', '--dir', dir, '--identities', ...names]);
  const file = (name: string) => path.join(dir, name);
  return { cert: file('server.pem'), key: file('server.key'), ca: file('client.pem') };
}

/** The layer that `packaging=zip` needs: this machine's git, told whom to trust. */
export function gitLayer(dir: string, ca: string): string {
  const layer = path.join(dir, 'layer');
  const file = path.join(layer, 'bin/git');
  if (existsSync(file)) return layer;
  const git = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\nGIT_SSL_CAINFO=${ca} exec ${git} "$@"\n`, { mode: 0o755 });
  return layer;
}

/**
 * `bin`: where the tools are. `dir`: for its log, its certificates and what its functions write. Sets in this process's
 * environment, for its children too, what a client needs: endpoint, certificates, the account's root keys.
 */
export async function startEmulator(bin: string, dir: string): Promise<Emulator> {
  const port = await freePort();
  const { cert, key, ca } = makeCertificate(bin, path.join(dir, 'tls'));
  const log = path.join(dir, 'emulator.log');
  const tmp = path.join(dir, 'tmp');
  mkdirSync(tmp, { recursive: true });
  const output = openSync(log, 'w');
  const child = spawn(path.join(bin, 'ministack'), [], {
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      /** It does not put a function's layer there, as Lambda does. */
      PATH: `${path.join(gitLayer(dir, ca), 'bin')}:${process.env.PATH}`,
      HOME: dir,
      TMPDIR: tmp,
      BIND_HOST: '127.0.0.1',
      /** Its broker would listen on every interface. */
      IOT_MTLS_ENABLED: '0',
      GATEWAY_PORT: String(port),
      USE_SSL: '1',
      MINISTACK_SSL_CERT: cert,
      MINISTACK_SSL_KEY: key,
      NODE_EXTRA_CA_CERTS: ca,
      AUTH: 'true',
      LAMBDA_EXECUTOR: 'local',
    },
  });
  const stop = () => {
    try {
      if (child.pid) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  };
  process.once('exit', stop);
  const endpoint = `https://127.0.0.1:${port}`;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CA_BUNDLE: ca,
    NODE_EXTRA_CA_CERTS: ca,
  });
  for (const deadline = Date.now() + startsWithinMs; ; ) {
    const health = await call({
      method: 'GET',
      service: 'none',
      url: `${endpoint}/_ministack/health`,
      as: 'none',
    }).catch(() => undefined);
    if (health?.status === 200) return { log, stop };
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`The emulator does not start: see ${log}.`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
