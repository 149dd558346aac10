/**
 * Takes secrets out of text that is kept: log lines, and what agents print. Known shapes only, so it is the last guard
 * and not the first: nothing should hand a secret to a log. Object ids, hashes and ids of the town stay as they are.
 * Every pattern reads each character a bounded number of times: an agent chooses the text.
 */
import type { Json } from './ports.ts';

export const mark = '[redacted]';

/** Names whose values are secrets, in a field or in an assignment: `aws_secret_access_key=…`, `"taskToken": "…"`. */
const secretName =
  'authorization|cookie|passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key';

/** Each begins with what is quickly sought: this runs over all that an agent prints, 20 MB a second. */
const rules: readonly (readonly [RegExp, string])[] = [
  // First, for its frame looks like the value of a `private_key=`. Without an end it was cut; code that names a frame has no body.
  [
    /-----BEGIN [A-Z\d ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?:[\w+/=\s\\:,.()]|-(?!-)){32,16384}(?:-----END [A-Z\d ]{0,48}-----)?/g,
    mark,
  ],
  // Whatever scheme: `Authorization: Basic …`, and the signature of AWS with its commas.
  [/(authorization\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?)[^"'\\\r\n]{1,4096}/gi, `$1${mark}`],
  [/(bearer\s{1,4})[\w.~+/=-]{8,4096}/gi, `$1${mark}`],
  // A user without a password is a name for ssh, and a token for HTTP.
  [/(https?:\/\/)[^\s/@"'<>]{1,1024}@/gi, `$1${mark}@`],
  [/:\/\/[^\s/@:"'<>]{0,256}:[^\s/@"'<>]{1,1024}@/g, `://${mark}@`],
  [/\b(?:AKIA|ASIA)[A-Z\d]{16}\b/g, mark],
  [
    /\b(?:gh[opsru]_|github_pat_|glpat-|sk-(?:ant|proj|svcacct|admin)-|xox[abeoprs]-|[rs]k_live_)[\w.-]{16,1024}/g,
    mark,
  ],
  [/\b(?:npm_[A-Za-z\d]{36}|AIza[\w-]{35})/g, mark],
  // A token with three parts, as an issuer signs it.
  [/\beyJ[\w-]{8,1024}\.[\w-]{8,8192}\.[\w-]{0,4096}/g, mark],
  // Task tokens of Step Functions have up to 2,048 characters; little else that is a word is so long.
  [/(?<![A-Za-z\d+/])[A-Za-z\d+/]{200,2048}={0,2}(?![A-Za-z\d+/=])/g, mark],
  // A call, `token = tokenOf(text)`, is code and no secret.
  [
    new RegExp(
      `((?:${secretName})(?:[-_](?:id|key|value))?\\\\?["']?\\s{0,4}[:=]\\s{0,4}\\\\?["']?)[\\w.~+/=-]{8,4096}(?![\\w(])`,
      'gi',
    ),
    `$1${mark}`,
  ],
];

export const redact = (text: string): string =>
  rules.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);

const secretField = new RegExp(`(?:${secretName})$`, 'i');

/** The same of everything in a record: under a secret's name any text goes, whatever its shape. */
export function redacted(value: Json, field = ''): Json {
  if (typeof value === 'string') return secretField.test(field) && value !== '' ? mark : redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one: Json) => redacted(one, field));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [redact(name), redacted(one, name)]));
}
