/** Which proxy leads to a server outside, where a company lets nobody out but through one: as git and curl read it. */
import { TownError } from '../core/errors.ts';

/** By HTTPS_PROXY and NO_PROXY; `undefined`: straight there. Throws PROXY_INVALID, without what may hold a password. */
export function proxyFor(url: URL, environment: Readonly<Record<string, string | undefined>>): URL | undefined {
  const given = environment.https_proxy || environment.HTTPS_PROXY;
  if (!given || url.protocol !== 'https:') return undefined;
  if (isExempt(url.hostname, environment.no_proxy || environment.NO_PROXY || '')) return undefined;
  const address = given.includes('://') ? given : `http://${given}`;
  if (URL.canParse(address) && /^https?:/.test(address)) return new URL(address);
  throw new TownError(400, {
    code: 'PROXY_INVALID',
    what: 'HTTPS_PROXY is no address of an HTTP proxy.',
    remedy: 'Write it as http://host:port.',
  });
}

/** A name stands for itself and all below it, with or without a dot before it. */
const isExempt = (host: string, list: string): boolean =>
  list
    .split(',')
    .map((name) =>
      name
        .trim()
        .replace(/:\d+$/, '')
        .replace(/^\*?\./, ''),
    )
    .some((name) => name === '*' || (name !== '' && (host === name || host.endsWith(`.${name}`))));
