/** What a deployment may choose, read from CDK context (`-c email=ops@example.com`, or `context` in cdk.json). */
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { limits } from '../core/limits.ts';
import { contradictions } from './config/contradictions.ts';
import * as values from './config/values.ts';

const configSchema = z.strictObject({
  town: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,24}$/, 'must be 1 to 25 of a-z, 0-9 and -, a letter first')
    .default('gastown'),
  /** Where alarms and escalations from `high` on are sent. Without it, subscribe to the topics by hand. */
  email: values.email.optional(),
  emails: values.emails.default({}),
  /** `image`: the Refinery is a container image with git inside. `zip`: a function, with git from `gitLayer`. */
  packaging: z.enum(['image', 'zip'], 'must be image or zip').default('image'),
  /** ARN of a layer version, or the path of a directory or zip that becomes /opt, with bin/git in it (arm64). */
  gitLayer: z.string().min(1, 'must not be empty').optional(),
  /** The tasks' image, already in a registry. Without it, Docker builds it at deployment. */
  polecatImage: values.image.optional(),
  logDays: values.days.default(30),
  /** Logs, evidence and intents. A convoy that is older than this loses its long texts. */
  blobDays: values.between(30, 3650).default(365),
  /** false: a throw-away town, whose table and bucket are deleted with the stack. */
  keepData: values.truth.default(true),
  /** At work at once, over all rigs. */
  polecatsMax: values.between(1, 10_000).default(limits.polecatsPerTownDefault),
  /** Reserved and spent by metered agents in one day (UTC). 0: none may start. */
  dayBudgetUsd: values.dollars.default(limits.dayBudgetUsdDefault),
  /** What the Mayor and the tasks may invoke on Bedrock, and nothing else of it. */
  models: values.models.optional(),
  /** About a third of the price, and a polecat may be stopped with two minutes' notice. */
  spot: values.truth.default(false),
  polecatCpu: values.units.default(1024),
  polecatMemoryMiB: values.units.default(4096),
  /** Who signs the tokens of people: `iss`, letter for letter. Without it AWS credentials (IAM) alone let anyone in. */
  jwtIssuer: values.issuer.optional(),
  /** Whom they are for: a token's `aud` or `client_id` must be one of these. */
  jwtAudience: values.words.optional(),
  apiRequestsPerSecond: values.between(1, 10_000).default(200),
  /** A network of your own. Its resolver, routes and endpoints are yours to provide. */
  vpcId: values.vpcId.optional(),
  /** Where tasks run in it. */
  subnetIds: values.subnetIds.optional(),
  /** false: the subnets are private, with a NAT gateway or the endpoints that tasks need. */
  publicIp: values.truth.default(true),
  /** TCP ports that tasks may open connections to. 443 for HTTPS; add 22 for ssh:// remotes, 80 for some mirrors. */
  egressPorts: values.ports.default([443]),
  /** The only names that tasks may look up, besides those that the town needs itself. */
  allowedDomains: values.domains.optional(),
  permissionsBoundary: values.boundary.optional(),
  tags: values.tags.default({}),
});

export type Config = z.infer<typeof configSchema>;
export const configKeys = Object.keys(configSchema.shape);
const checkedSchema = configSchema.superRefine(contradictions);

/** What `cdk acknowledge` and `cdk cli-telemetry` leave in cdk.context.json. */
const writtenByCdk: ReadonlySet<string> = new Set(['acknowledged-issue-numbers', 'cli-telemetry']);
/** Context that is CDK's own, not ours: feature flags, metadata switches, cached look-ups. */
const isForeign = (name: string): boolean => /[:@/]/.test(name) || name.startsWith('cdk-') || writtenByCdk.has(name);

/** Throws one sentence a fault, all of them at once. */
export function readConfig(context: Readonly<Record<string, unknown>>): Config {
  const ours = Object.fromEntries(Object.entries(context).filter(([name]) => !isForeign(name)));
  const parsed = checkedSchema.safeParse(ours);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => {
    const [key, ...place] = issue.path;
    if (issue.code === 'unrecognized_keys')
      return key === undefined
        ? issue.keys.map((name) => `no such key "${name}"; ${suggestion(name)}`)
        : [
            `${String(key)}.${issue.keys.join(', ')}: there is no such severity; they are ${values.severities.join(', ')}.`,
          ];
    const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    const where = [key, ...place].join('.');
    return [`${where} = ${JSON.stringify(ours[String(key)])}: ${inner ?? issue.message}.`];
  });
  throw new Error(`CONFIG_INVALID: ${faults.join(' ')} Give it with -c <key>=<value>, or under "context" in cdk.json.`);
}

function suggestion(name: string): string {
  const nearest = closest(name, configKeys);
  return distance(name, nearest) <= 3 ? `did you mean "${nearest}"?` : `the keys are ${configKeys.join(', ')}.`;
}
