/** The kinds of values that a deployment's configuration has, each with the sentence that refuses another. */
import { z } from 'zod';
import type { Severity } from '../../core/ports.ts';

export const severities = ['critical', 'high', 'medium', 'low'] as const satisfies readonly Severity[];

/** Retention periods that CloudWatch Logs accepts, in days. */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

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

/** A list in cdk.json; on a command line `a,b` as well. */
const list = <T extends z.ZodType>(item: T) => {
  const one = 'must hold at least one';
  const items = z.array(item, 'must be a list, or words with commas between them').min(1, one);
  return z.preprocess((value) => {
    if (typeof value === 'number') return [value];
    if (typeof value !== 'string' || value.trimStart().startsWith('[')) return value;
    return value.split(',').map((word) => word.trim());
  }, fromText(items));
};

const number = (expected: string) => z.number(`must be ${expected}`);
export const between = (min: number, max: number) => {
  const expected = `must be a whole number from ${min} to ${max}`;
  return fromText(z.int(expected).min(min, expected).max(max, expected));
};
export const dollars = fromText(number('an amount in dollars, at least 0').min(0, 'must be at least 0'));
export const days = fromText(number('a number of days')).refine(
  (given) => retentionDays.includes(given),
  `must be one of ${retentionDays.join(', ')}`,
);
export const truth = fromText(z.boolean('must be true or false'));
export const units = fromText(number('a number'));
export const email = z.email('must be one email address');
export const words = list(z.string().min(1, 'must not be empty'));

/** Whom each severity is told to, besides `email`. */
export const emails = fromText(
  z.strictObject(
    Object.fromEntries(severities.map((severity) => [severity, list(email).optional()])) as Record<
      Severity,
      z.ZodOptional<ReturnType<typeof list<typeof email>>>
    >,
    'must be an object: {"critical": ["ann@example.com"]}',
  ),
);

/** `anthropic.claude-…` is a model; `eu.anthropic.claude-…` a profile that spreads its calls over regions. */
export const models = list(
  z
    .string()
    .regex(
      /^[a-z-]+\.[a-z0-9][a-z0-9.:-]*$/,
      'must be ids of Bedrock models or inference profiles, such as eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
    ),
);

const idOf = (kind: 'vpc' | 'subnet') =>
  z.string().regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `must be ${kind}- and 8 to 17 of 0-9 and a-f`);
export const vpcId = idOf('vpc');
export const subnetIds = list(idOf('subnet'));

export const ports = list(fromText(z.int('must be ports').min(1, 'must be from 1 on').max(65_535, 'must be to 65535')));

/** As DNS Firewall takes them: a name, or all names below one. */
export const domains = list(
  z
    .string()
    .regex(
      /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/,
      'must be names such as github.com or *.npmjs.org: no scheme, no path, small letters',
    ),
);

export const issuer = z.url({ protocol: /^https$/, message: 'must be the https address of an OpenID Connect issuer' });

export const boundary = z
  .string()
  .regex(
    /^(arn:[a-z-]+:iam::(aws|\d{12}):policy\/)?[\w+=,.@/-]{1,512}$/,
    'must be the name or the ARN of a managed policy',
  );

export const tags = fromText(
  z.record(
    z.string().regex(/^(?!aws:)[\w .:/=+@-]{1,128}$/, 'must have names of 1 to 128 letters, digits and _.:/=+@-'),
    z.string('must have texts as values').max(256, 'must have values of at most 256 characters'),
    'must be an object: {"cost-centre": "42"}',
  ),
);

/** As a registry names it, so that what runs is what was meant: with a tag, or better a digest. */
export const image = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._:/-]*(:[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})$/,
    'must be an image with its tag or digest, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com/polecat:1',
  );
