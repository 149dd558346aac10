/** What every request must pass before a route sees it: host, origin, identity, size, content type. */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { refuse, TownError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { ApiOptions } from './deps.ts';
import type { ApiEnv } from './endpoint.ts';
import { protocolPrefix } from './polecat-protocol.ts';
import { problemResponse } from './problem.ts';
import { webhooksPrefix } from './webhooks.ts';

type Border = MiddlewareHandler<ApiEnv>;

/** Without an identity, because they say nothing about this town. */
const open: ReadonlySet<string> = new Set(['/v1/health', '/openapi.json']);
const blobsPath = `${protocolPrefix}blobs`;
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE']);

/**
 * Turns away pages on other origins, and names that were made to resolve to the loopback address (DNS rebinding):
 * a browser on this machine can reach the port, whatever page it shows.
 */
export const homeOnly =
  ({ hostNames }: ApiOptions): Border =>
  async (context, next) => {
    if (hostNames) {
      const host = context.req.header('host') ?? new URL(context.req.url).host;
      const origin = context.req.header('origin');
      if (!hostNames.includes(hostNameOf(`http://${host}`))) throw foreign('Host', host);
      if (
        origin !== undefined &&
        (!hostNames.includes(hostNameOf(origin)) || portOf(origin) !== portOf(`http://${host}`))
      ) {
        throw foreign('Origin', origin);
      }
    }
    await next();
  };

const hostNameOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : '');
const portOf = (url: string): string => (URL.canParse(url) ? new URL(url).port : '');

const foreign = (header: string, value: string): TownError =>
  refuse(
    403,
    `${header.toUpperCase()}_FOREIGN`,
    `${header} "${value.slice(0, 200)}" is not this town’s own.`,
    'Call it by its loopback address, from this machine.',
  );

/** A task proves itself for the subject that its body names, a webhook by its signature: their routes do that. */
export const known =
  (options: ApiOptions): Border =>
  async (context, next) => {
    const { path } = context.req;
    if (!open.has(path) && !path.startsWith(protocolPrefix) && !path.startsWith(webhooksPrefix)) {
      const caller = await options.authenticate(context.req.raw, context.env);
      if (caller instanceof TownError) throw caller;
      context.set('caller', caller);
    }
    await next();
  };

export function small(options: ApiOptions): Border {
  const requests = limited(options.maxBytes ?? limits.requestBytesMax);
  const blobs = limited(limits.evidenceBytesMax);
  return (context, next) => (context.req.path === blobsPath ? blobs(context, next) : requests(context, next));
}

const limited = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () =>
      problemResponse(
        refuse(413, 'BODY_TOO_LARGE', `The body is larger than ${maxSize} bytes.`, `Send at most ${maxSize} bytes.`),
      ),
  });

/** A form or plain text is what a foreign page can send without asking: JSON it cannot. */
export const json: Border = async (context, next) => {
  const wanted = context.req.path === blobsPath ? 'application/octet-stream' : 'application/json';
  if (!bodiless.has(context.req.method) && sendsBody(context)) {
    const type = (context.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
    if (type !== wanted) {
      throw refuse(415, 'CONTENT_TYPE', `The body is of type "${type}".`, `Send it with content-type: ${wanted}.`);
    }
    if (wanted === 'application/json' && !isUtf8(await context.req.arrayBuffer()))
      throw refuse(400, 'BODY_NOT_UTF8', 'The body is not UTF-8 text.', 'Send JSON in UTF-8.');
  }
  await next();
};

/** Decoded loosely, a wrong byte would silently become another character. */
function isUtf8(bytes: ArrayBuffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const sendsBody = (context: Context): boolean =>
  context.req.header('content-type') !== undefined ||
  context.req.header('transfer-encoding') !== undefined ||
  Number(context.req.header('content-length') ?? 0) > 0;
