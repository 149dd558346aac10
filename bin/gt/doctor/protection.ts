/** Does the repository's host let only the Refinery's identity move the target? Asked of GitHub's API. */

import { isClearText } from '../address.ts';
import { causeOf } from '../aws.ts';
import type { RigView } from '../rigs.ts';
import { type Finding, fail, notChecked, ok } from './finding.ts';
import { GitHub, type Unanswered } from './github.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Branch {
  readonly check: string;
  readonly repository: string;
  readonly branch: string;
  readonly github: GitHub;
}

/** Asks api.github.com, or, as in GitHub's own runners, what GITHUB_SERVER_URL and GITHUB_API_URL name. */
export async function protection({ name, url, target }: RigView, environment: Environment): Promise<Finding> {
  const check = `${name}: protection`;
  const server = new URL(environment.GITHUB_SERVER_URL || 'https://github.com').hostname;
  const repository = repositoryOn(server, url);
  if (repository === undefined)
    return notChecked(check, `${url} is not on ${server}`, `Let only the Refinery’s identity push to ${target} there.`);
  const token = environment.GITHUB_TOKEN || environment.GH_TOKEN;
  if (!token)
    return notChecked(check, 'no GITHUB_TOKEN', 'GITHUB_TOKEN=$(gh auth token) before the command gives one.');
  const api = environment.GITHUB_API_URL || 'https://api.github.com';
  if (!URL.canParse(api) || isClearText(new URL(api)))
    return notChecked(check, `GITHUB_API_URL is ${api}`, 'Give an https address: a token is sent there.');
  const branch = { check, repository, branch: target, github: new GitHub(api, token) };
  try {
    return (await byRulesets(branch)) ?? (await byProtection(branch));
  } catch (error) {
    return notChecked(check, `${api}: ${causeOf(error as Error)}`, 'Check GITHUB_API_URL and your network.');
  }
}

/** `owner/name` of https, ssh and scp-like addresses. */
export const repositoryOn = (server: string, url: string): string | undefined => {
  const [, host, path] =
    /^(?:(?:https|ssh|git):\/\/(?:[^@/]*@)?|[^@/:]+@)([^/:]+)(?::\d+)?[/:]([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(url) ??
    [];
  return host?.toLowerCase() === server ? path : undefined;
};

interface Rule {
  readonly type: string;
  readonly ruleset_id: number;
}

interface Actor {
  readonly actor_type: string;
  readonly actor_id: number | null;
  readonly bypass_mode: string;
}

interface Ruleset {
  readonly id: number;
  /** GitHub leaves it out for those who may not change the ruleset. */
  readonly bypass_actors?: readonly Actor[];
}

const nameOf = ({ actor_type, actor_id, bypass_mode }: Actor): string =>
  [
    actor_type,
    ...(actor_id === null ? [] : [actor_id]),
    ...(bypass_mode === 'pull_request' ? ['by pull request'] : []),
  ].join(' ');

/** One machine's identity, that pushes: an app, or a key of this one repository. A role or a team is people. */
const machines = /^(Integration|DeployKey)( \d+)?$/;

/** `undefined` if no ruleset restricts who may update the branch. */
async function byRulesets({ check, repository, branch, github }: Branch): Promise<Finding | undefined> {
  const rules = await github.get<Rule[]>(
    `repos/${repository}/rules/branches/${encodeURIComponent(branch)}?per_page=100`,
  );
  if (!rules.ok) return refused(check, repository, rules);
  const ids = [...new Set(rules.body.filter(({ type }) => type === 'update').map((rule) => rule.ruleset_id))];
  const [id] = ids;
  if (id === undefined) return undefined;
  const rulesets = await Promise.all(ids.map((one) => github.get<Ruleset>(`repos/${repository}/rulesets/${one}`)));
  const lists = rulesets.map((one) => (one.ok ? one.body.bypass_actors : undefined));
  if (lists.includes(undefined))
    return notChecked(
      check,
      `ruleset ${ids.join(', ')} restricts ${branch}, but hides from this token who may pass`,
      'Give the token of an administrator.',
    );
  const [first = [], ...others] = lists.map((actors = []) => actors.map(nameOf));
  const passing = first.filter((actor) => others.every((list) => list.includes(actor)));
  const [only = ''] = passing;
  if (passing.length === 1 && machines.test(only))
    return ok(check, `ruleset ${ids.join(', ')} lets only ${only} move ${branch}`);
  const found =
    passing.length === 0
      ? `nobody may move ${branch}, the Refinery neither`
      : `these may move ${branch}: ${passing.join(', ')}`;
  return fail(check, `${found} (ruleset ${ids.join(', ')})`, mendRuleset(repository, id));
}

interface Protection {
  readonly enforce_admins?: { readonly enabled: boolean };
  readonly restrictions?: {
    readonly users: readonly { readonly login: string }[];
    readonly teams: readonly { readonly slug: string }[];
    readonly apps: readonly { readonly slug: string }[];
  };
}

async function byProtection({ check, repository, branch, github }: Branch): Promise<Finding> {
  const path = `repos/${repository}/branches/${encodeURIComponent(branch)}/protection`;
  const answer = await github.get<Protection>(path);
  if (!answer.ok && answer.status !== 404)
    return notChecked(
      check,
      `no ruleset restricts ${branch}, and branch protection is hidden from this token (${answer.said})`,
      'Give a token with administration: read.',
    );
  const { restrictions, enforce_admins } = answer.ok ? answer.body : {};
  if (!restrictions)
    return fail(check, `whoever may write to ${repository} may move ${branch}`, makeRuleset(repository, branch));
  const who = [
    ...restrictions.apps.map(({ slug }) => `app ${slug}`),
    ...restrictions.users.map(({ login }) => `user ${login}`),
    ...restrictions.teams.map(({ slug }) => `team ${slug}`),
  ];
  if (who.length !== 1 || restrictions.teams.length > 0)
    return fail(
      check,
      `these may move ${branch}: ${who.join(', ') || 'nobody, the Refinery neither'}`,
      makeRuleset(repository, branch),
    );
  if (enforce_admins?.enabled !== true)
    return fail(
      check,
      `administrators may move ${branch} as well as ${who[0]}`,
      `gh api -X POST ${path}/enforce_admins`,
    );
  return ok(check, `branch protection lets only ${who[0]} move ${branch}`);
}

function refused(check: string, repository: string, { status, said }: Unanswered): Finding {
  if (status === 401)
    return notChecked(check, `GitHub does not take the token (${said})`, 'Give a valid GITHUB_TOKEN.');
  return notChecked(
    check,
    `${repository}: GitHub answered ${status} (${said})`,
    'Give a token that may read the repository.',
  );
}

const makeRuleset = (repository: string, branch: string): string => {
  const ruleset = {
    name: 'gastown',
    target: 'branch',
    enforcement: 'active',
    conditions: { ref_name: { include: [`refs/heads/${branch}`], exclude: [] } },
    rules: [{ type: 'update' }, { type: 'deletion' }, { type: 'non_fast_forward' }],
    bypass_actors: [{ actor_id: 'APP_ID', actor_type: 'Integration', bypass_mode: 'always' }],
  };
  const json = JSON.stringify(ruleset).replace('"APP_ID"', '<app id of the Refinery>');
  return `echo '${json}' | gh api -X POST repos/${repository}/rulesets --input -`;
};

const mendRuleset = (repository: string, id: number): string =>
  `gh api -X PUT repos/${repository}/rulesets/${id} -F 'bypass_actors[][actor_id]=<app id of the Refinery>' -f 'bypass_actors[][actor_type]=Integration' -f 'bypass_actors[][bypass_mode]=always'`;
