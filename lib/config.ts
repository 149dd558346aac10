/** What a deployment may choose, read from CDK context (`-c email=ops@example.com`, or `context` in cdk.json). */
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { limits } from '../core/limits.ts';

/** Retention periods that CloudWatch Logs accepts, in days. */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Sizes that Fargate sells: CPU units → MiB of memory. */
const fargateSizes: Readonly<Record<number, { min: number; max: number; step: number }>> = {
  512: { min: 1024, max: 4096, step: 1024 },
  1024: { min: 2048, max: 8192, step: 1024 },
  2048: { min: 4096, max: 16_384, step: 1024 },
  4096: { min: 8192, max: 30_720, step: 1024 },
  8192: { min: 16_384, max: 61_440, step: 4096 },
};

/** A word on a command line is text; in cdk.json it is JSON. Both are read. */
const fromText = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }, schema);

const configSchema = z
  .strictObject({
    town: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,24}$/, 'must be 1 to 25 of a-z, 0-9 and -, a letter first')
      .default('gastown'),
    /** Where alarms and escalations from `high` on are sent. Without it, subscribe to the topics by hand. */
    email: z.email('must be one email address').optional(),
    /** `image`: the Refinery is a container image with git inside. `zip`: a function, with git from `gitLayer`. */
    packaging: z.enum(['image', 'zip']).default('image'),
    /** ARN of a layer version, or the path of a directory or zip that becomes /opt, with bin/git in it (arm64). */
    gitLayer: z.string().min(1).optional(),
    logDays: fromText(z.number())
      .refine((days) => retentionDays.includes(days), `must be one of ${retentionDays.join(', ')}`)
      .default(30),
    /** Logs, evidence and intents. A convoy that is older than this loses its long texts. */
    blobDays: fromText(z.int().min(30, 'must be at least 30').max(3650, 'must be at most 3650')).default(365),
    /** false: a throw-away town, whose table and bucket are deleted with the stack. */
    keepData: fromText(z.boolean('must be true or false')).default(true),
    /** At work at once, over all rigs. */
    polecatsMax: fromText(z.int().min(1, 'must be at least 1').max(10_000, 'must be at most 10000')).default(
      limits.polecatsPerTownDefault,
    ),
    /** Reserved and spent by metered agents in one day (UTC). 0: none may start. */
    dayBudgetUsd: fromText(z.number().min(0, 'must be at least 0')).default(20),
    /** About a third of the price, and a polecat may be stopped with two minutes' notice. */
    spot: fromText(z.boolean('must be true or false')).default(false),
    polecatCpu: fromText(z.number()).default(1024),
    polecatMemoryMiB: fromText(z.number()).default(4096),
    /** Who signs the tokens of people: `iss`, letter for letter. Without it AWS credentials (IAM) alone let anyone in. */
    jwtIssuer: z
      .url({ protocol: /^https$/, message: 'must be the https address of an OpenID Connect issuer' })
      .optional(),
    /** Whom they are for: a token's `aud` or `client_id` must be one of these. */
    jwtAudience: fromText(
      z.preprocess(
        (value) => (typeof value === 'string' ? [value] : value),
        z.array(z.string().min(1), 'must be a word, or a list of words').min(1, 'must hold at least one'),
      ),
    ).optional(),
    apiRequestsPerSecond: fromText(z.int().min(1, 'must be at least 1').max(10_000, 'must be at most 10000')).default(
      200,
    ),
  })
  .superRefine((config, context) => {
    if (config.packaging === 'zip' && !config.gitLayer) {
      context.addIssue({
        code: 'custom',
        path: ['gitLayer'],
        message: 'is needed with packaging=zip: a function has no git of its own',
      });
    }
    if (config.packaging === 'image' && config.gitLayer) {
      context.addIssue({
        code: 'custom',
        path: ['gitLayer'],
        message: 'is only used with packaging=zip: an image takes no layers',
      });
    }
    if ((config.jwtIssuer === undefined) !== (config.jwtAudience === undefined)) {
      const missing = config.jwtIssuer ? 'jwtAudience' : 'jwtIssuer';
      context.addIssue({
        code: 'custom',
        path: [missing],
        message: `is needed too: a token is accepted by its issuer and its audience together`,
      });
    }
    const size = fargateSizes[config.polecatCpu];
    if (!size) {
      context.addIssue({
        code: 'custom',
        path: ['polecatCpu'],
        message: `must be one of ${Object.keys(fargateSizes).join(', ')}`,
      });
    } else if (
      config.polecatMemoryMiB < size.min ||
      config.polecatMemoryMiB > size.max ||
      config.polecatMemoryMiB % size.step !== 0
    ) {
      context.addIssue({
        code: 'custom',
        path: ['polecatMemoryMiB'],
        message: `must be ${size.min} to ${size.max} in steps of ${size.step} with ${config.polecatCpu} CPU units`,
      });
    }
  });

export type Config = z.infer<typeof configSchema>;
const names = Object.keys(configSchema.shape);

/** Context that is CDK's own, not ours: feature flags, metadata switches, cached look-ups. */
const isForeign = (name: string): boolean => /[:@/]/.test(name) || name.startsWith('cdk-');

/** Throws one sentence a fault, all of them at once. */
export function readConfig(context: Readonly<Record<string, unknown>>): Config {
  const ours = Object.fromEntries(Object.entries(context).filter(([name]) => !isForeign(name)));
  const parsed = configSchema.safeParse(ours);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => `no such key "${name}"; ${suggestion(name)}`)
      : [`${issue.path.join('.')} = ${JSON.stringify(ours[String(issue.path[0])])}: ${issue.message}.`],
  );
  throw new Error(`CONFIG_INVALID: ${faults.join(' ')} Give it with -c <key>=<value>, or under "context" in cdk.json.`);
}

function suggestion(name: string): string {
  const nearest = closest(name, names);
  return distance(name, nearest) <= 3 ? `did you mean "${nearest}"?` : `the keys are ${names.join(', ')}.`;
}
