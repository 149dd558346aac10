/** What stands between a laptop and the world in a company: a server with a certificate, and a proxy that alone leads to it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createSecure, type Server as SecureServer } from 'node:tls';

const listening = async (server: Server | SecureServer): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** Speaks TLS as `name`, which no name server knows, and hands on what it hears to a server on loopback. */
export class Outside {
  readonly certificate: string;
  readonly asked: { readonly authority: string; readonly credential: string | undefined }[] = [];
  /** What the proxy answers instead of leading on. */
  refusal = '';
  readonly #sockets = new Set<Socket>();
  readonly #secure: SecureServer;
  readonly #proxy: Server = createServer();

  constructor(dir: string, name: string, behind: number) {
    const key = join(dir, 'key.pem');
    this.certificate = join(dir, 'certificate.pem');
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
    const files = ['-nodes', '-keyout', key, '-out', this.certificate, '-days', '2'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...files, ...subject], { stdio: 'ignore' });
    this.#secure = createSecure({ key: readFileSync(key), cert: readFileSync(this.certificate) }, (socket) =>
      this.#join(socket, connect(behind, '127.0.0.1')),
    );
    this.#proxy.on('connect', (request: IncomingMessage, socket: Socket) => this.#lead(request, socket));
  }

  /** The proxy's address. */
  async open(): Promise<string> {
    await listening(this.#secure);
    return `127.0.0.1:${await listening(this.#proxy)}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([this.#secure, this.#proxy].map((server) => new Promise((done) => server.close(done))));
  }

  #lead({ url = '', headers }: IncomingMessage, socket: Socket): void {
    this.asked.push({ authority: url, credential: headers['proxy-authorization'] });
    if (this.refusal !== '') return void socket.end(`HTTP/1.1 ${this.refusal}\r\n\r\n`);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    this.#join(socket, connect((this.#secure.address() as AddressInfo).port, '127.0.0.1'));
  }

  #join(one: Socket, other: Socket): void {
    for (const socket of [one, other]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    one.pipe(other).pipe(one);
  }
}
