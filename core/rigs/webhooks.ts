/** What a code host's webhook says, as far as the town listens: the status of a commit, the end of a pull request, or that a look is worth it. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import type { CheckState, Instant, Oid, PullRequestState } from '../ports.ts';

/** A webhook reports and wakes; there is no word in it that could start work. */
export type Heard =
  | {
      readonly heard: 'status';
      readonly commit: Oid;
      readonly name: string;
      readonly state: CheckState;
      readonly url?: string | undefined;
      /** When its CI said so. */
      readonly at?: Instant | undefined;
    }
  | {
      readonly heard: 'pull_request';
      readonly number: number;
      readonly state: PullRequestState['state'];
      /** Its head, if that is a branch of the repository itself. */
      readonly branch?: string | undefined;
      readonly at?: Instant | undefined;
    }
  /** Every queue of the rig, or that of one branch. */
  | { readonly heard: 'wake'; readonly branch?: string }
  | { readonly heard: 'nothing' };

const nothing: Heard = { heard: 'nothing' };

const oid = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);
const checkName = z.string().min(1).max(200);
const instant = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.int());
/** A link that cannot be shown is left out: it is no reason to lose a status. */
const link = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .nullish()
  .catch(undefined);

const statusSchema = z.object({
  sha: oid,
  context: checkName,
  state: z.enum(['pending', 'success', 'failure', 'error']),
  target_url: link,
  updated_at: instant,
});
const checkRunSchema = z.object({
  check_run: z.object({
    name: checkName,
    head_sha: oid,
    status: z.string(),
    conclusion: z.string().nullish(),
    html_url: link,
    started_at: instant.nullish(),
    completed_at: instant.nullish(),
  }),
});
const pullRequestSchema = z.object({
  pull_request: z.object({
    number: z.int().min(1),
    state: z.enum(['open', 'closed']),
    merged_at: z.string().nullish(),
    updated_at: instant,
    head: z.object({
      ref: z.string().min(1).max(1000),
      repo: z.object({ full_name: z.string() }).nullish(),
    }),
  }),
  repository: z.object({ full_name: z.string() }),
});
const pushSchema = z.object({ ref: z.string() });
const repositorySchema = z.object({ repository: z.object({ full_name: z.string() }) });

/** GitHub's conclusions of a check run; one that is not known here is an error, which does not pass. */
const conclusions: ReadonlyMap<string, CheckState> = new Map(
  Object.entries({
    success: 'success',
    failure: 'failure',
    neutral: 'neutral',
    skipped: 'skipped',
    cancelled: 'cancelled',
    stale: 'cancelled',
    timed_out: 'failure',
    action_required: 'failure',
    startup_failure: 'failure',
  } satisfies Record<string, CheckState>),
);

/**
 * GitHub's event, by the name in its header. The header is not signed, but a payload under another event's name has not
 * its shape. Throws `ZodError` for a payload that is not what GitHub sends.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */
export function heardFromGithub(event: string, payload: unknown, rigUrl: string): Heard {
  if (!['status', 'check_run', 'check_suite', 'workflow_run', 'push', 'pull_request'].includes(event)) return nothing;
  if (!isOfRepository(rigUrl, repositorySchema.parse(payload).repository.full_name)) return nothing;
  switch (event) {
    case 'status': {
      const { sha, context, state, target_url, updated_at } = statusSchema.parse(payload);
      return { heard: 'status', commit: sha, name: context, state, url: target_url ?? undefined, at: updated_at };
    }
    case 'check_run': {
      const run = checkRunSchema.parse(payload).check_run;
      const state = run.status === 'completed' ? (conclusions.get(run.conclusion ?? '') ?? 'error') : 'pending';
      const at = (state === 'pending' ? undefined : run.completed_at) ?? run.started_at ?? undefined;
      return { heard: 'status', commit: run.head_sha, name: run.name, state, url: run.html_url ?? undefined, at };
    }
    case 'pull_request': {
      const { pull_request: pull, repository } = pullRequestSchema.parse(payload);
      const { number, merged_at, head, updated_at: at } = pull;
      // A fork's branch may be called as any of ours.
      const branch = head.repo?.full_name === repository.full_name ? head.ref : undefined;
      return { heard: 'pull_request', number, state: merged_at ? 'merged' : pull.state, branch, at };
    }
    case 'push': {
      const branch = /^refs\/heads\/(.+)$/.exec(pushSchema.parse(payload).ref)?.[1];
      return branch === undefined ? nothing : { heard: 'wake', branch };
    }
    // Their names are not those of checks: the runs in them have reported one by one.
    default:
      return { heard: 'wake' };
  }
}

/**
 * A webhook of a whole organization signs for all of its repositories: one must not pass the commits of another. Where
 * the rig is a path on this machine, its repository has no name to compare.
 */
function isOfRepository(rigUrl: string, fullName: string): boolean {
  if (!/^(https|ssh):/.test(rigUrl)) return true;
  const path = new URL(rigUrl).pathname.replace(/\/+$/, '').replace(/\.git$/, '');
  return path.toLowerCase() === `/${fullName.toLowerCase()}`;
}

/** One a line, so that a new one can be added before the old one is taken away. One that could be guessed is none. */
export const secretsIn = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= limits.webhookSecretCharsMin);
