/**
 * Reads pull requests of repositories on GitHub by its REST API, with the rig's own git credential: a token that may read them,
 * or none for a public repository. https://docs.github.com/en/rest/pulls/pulls
 */
import * as z from 'zod';
import { refuse, type TownError, Unavailable } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { CodeHost, PullRequestState } from '../core/ports.ts';
import { isNumber } from '../core/rigs/pull-requests.ts';

const pullSchema = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  merged_at: z.string().nullable(),
});

const apiVersion = '2022-11-28';
const githubApis: ReadonlyMap<string, string> = new Map([['github.com', 'https://api.github.com']]);

interface Options {
  readonly credential: CodeHost['gitCredential'];
  /** Where the API of a repository's host is. */
  readonly apis?: ReadonlyMap<string, string>;
}

export const makeGithubPullRequests =
  ({ credential, apis = githubApis }: Options): NonNullable<CodeHost['pullRequest']> =>
  async (remote, named) => {
    const repository = repositoryOf(remote.url);
    const api = repository && apis.get(repository.host);
    if (!repository || api === undefined) return undefined;
    const { owner, path } = repository;
    const newest = new URLSearchParams({ head: `${owner}:${named}`, state: 'all', sort: 'created', direction: 'desc' });
    const one = isNumber(named);
    const repositoryUrl = `${api}/repos/${path}`;
    const token = (await credential(remote))?.password;
    const answer = await get(`${repositoryUrl}/pulls${one ? `/${named}` : `?${newest}&per_page=1`}`, token);
    if (answer === undefined) {
      // There may yet be one, but not one that can be read, where GitHub hides the whole repository.
      if ((await get(repositoryUrl, token)) === undefined) throw unreadable(404, repositoryUrl);
      return undefined;
    }
    const read = one ? [pullSchema.parse(answer)] : z.array(pullSchema).parse(answer);
    const [pull] = read;
    return pull && { number: pull.number, state: stateOf(pull) };
  };

const stateOf = ({ state, merged_at }: z.output<typeof pullSchema>): PullRequestState['state'] =>
  merged_at === null ? state : 'merged';

function repositoryOf(url: string): { host: string; owner: string; path: string } | undefined {
  if (!/^(https?|ssh):/.test(url)) return undefined;
  const { protocol, host, hostname, pathname } = new URL(url);
  const [, owner, name] = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/*$/.exec(pathname) ?? [];
  if (owner === undefined || name === undefined) return undefined;
  return { host: protocol === 'ssh:' ? hostname : host, owner, path: `${owner}/${name}` };
}

/** `undefined`: there is no such thing, or none that this token may see: GitHub does not say which. */
async function get(url: string, token: string | undefined): Promise<unknown> {
  const headers = {
    accept: 'application/vnd.github+json',
    'x-github-api-version': apiVersion,
    'user-agent': 'gas-town',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const { response, text } = await fetched(url, headers);
  const { status } = response;
  if (status === 200) return JSON.parse(text);
  if (status === 404) return undefined;
  const tooOften = response.headers.get('x-ratelimit-remaining') === '0' || response.headers.has('retry-after');
  if (tooOften || status === 429 || status >= 500) throw new Unavailable(`read ${url}: status ${status}`);
  throw unreadable(status, url);
}

const unreadable = (status: number, url: string): TownError =>
  refuse(
    502,
    'PULL_REQUEST_UNREADABLE',
    `GitHub answers ${status} to who asks for ${url}.`,
    'Give the rig a git credential that may read pull requests.',
  );

async function fetched(url: string, headers: Record<string, string>): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(limits.codeHostTimeoutMs) });
    return { response, text: await response.text() };
  } catch (error) {
    throw new Unavailable(`read ${url}: ${(error as Error).name}`, { cause: error });
  }
}
