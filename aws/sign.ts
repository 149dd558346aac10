/** How a request proves who sends it: a bearer token on a laptop, the task role's signature (SigV4) in AWS. */
import { createHash, createHmac } from 'node:crypto';

interface Unsigned {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Signer {
  /** The headers to add. */
  sign(request: Unsigned): Promise<Readonly<Record<string, string>>>;
}

export const bearer = (token: string): Signer => ({
  sign: () => Promise.resolve({ authorization: `Bearer ${token}` }),
});

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigV4Options {
  readonly region: string;
  readonly service: string;
  readonly credentials: () => Promise<Credentials>;
  readonly now: () => Date;
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const byCode = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html */
export const sigV4 = (options: SigV4Options): Signer => ({
  async sign({ method, url, headers, body }) {
    const credentials = await options.credentials();
    const stamp = options
      .now()
      .toISOString()
      .replace(/[-:]|\.\d{3}/g, '');
    const added: Record<string, string> = {
      'x-amz-date': stamp,
      ...(credentials.sessionToken ? { 'x-amz-security-token': credentials.sessionToken } : {}),
    };
    const signed = Object.entries({ ...headers, ...added, host: url.host })
      .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
      .sort(([a], [b]) => byCode(a, b));
    const names = signed.map(([name]) => name).join(';');
    const query = [...url.searchParams]
      .map(([name, value]) => [encode(name), encode(value)] as const)
      .sort(([a, x], [b, y]) => (a === b ? byCode(x, y) : byCode(a, b)))
      .map(([name, value]) => `${name}=${value}`);
    const path = url.pathname
      .replace(/\/{2,}/g, '/')
      .split('/')
      .map(encode)
      .join('/');
    const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
    const canonical = [method, path, query.join('&'), lines, names, sha256(body)].join('\n');

    const day = stamp.slice(0, 8);
    const scope = `${day}/${options.region}/${options.service}/aws4_request`;
    const text = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n');
    const key = [options.region, options.service, 'aws4_request'].reduce<Buffer>(
      (under, part) => hmac(under, part),
      hmac(`AWS4${credentials.secretAccessKey}`, day),
    );
    const signature = createHmac('sha256', key).update(text).digest('hex');
    const who = `Credential=${credentials.accessKeyId}/${scope}`;
    return { ...added, authorization: `AWS4-HMAC-SHA256 ${who}, SignedHeaders=${names}, Signature=${signature}` };
  },
});
