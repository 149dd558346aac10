/** The credentials of the task's role, from the container's own endpoint, fetched again before they end. */
import { get } from 'node:http';
import type { Credentials } from '../../aws/sign.ts';
import { keepSecret } from './secrets.ts';

const renewBeforeMs = 5 * 60_000;
const answerTimeoutMs = 5_000;

/** As the SDKs find it: a path at Fargate's own address, or a whole URL, which must be on this machine. */
export function credentialsUrl(environment: Readonly<Record<string, string | undefined>>): string {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = environment;
  if (path) return `http://169.254.170.2${path}`;
  if (full && /^http:\/\/127\.0\.0\.1(:\d+)?\//.test(full)) return full;
  throw new Error(
    'ROLE_CREDENTIALS_MISSING: no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI. ECS sets it for a task with a role.',
  );
}

export function roleCredentials(url: string): () => Promise<Credentials> {
  let held: { credentials: Credentials; until: number } | undefined;
  return async () => {
    if (held && Date.now() < held.until - renewBeforeMs) return held.credentials;
    const answer = JSON.parse(await fetchText(url)) as Record<string, string>;
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken } = answer;
    if (!accessKeyId || !secretAccessKey)
      throw new Error('ROLE_CREDENTIALS_MISSING: the container endpoint gave no keys.');
    for (const secret of [secretAccessKey, sessionToken]) keepSecret(secret);
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
    held = { credentials, until: Date.parse(answer.Expiration ?? '') || Date.now() };
    return credentials;
  };
}

const fetchText = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(url, { timeout: answerTimeoutMs }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts).toString('utf8'));
        else reject(new Error(`ROLE_CREDENTIALS_MISSING: the container endpoint answered ${response.statusCode}.`));
      });
    });
    request.on('timeout', () => request.destroy(new Error('the container endpoint did not answer')));
    request.on('error', reject);
  });
