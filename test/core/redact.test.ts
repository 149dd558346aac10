import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../core/ports.ts';
import { redact, redacted } from '../../core/redact.ts';

const chars = (alphabet: string, minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lower = upper.toLowerCase();
const digits = '0123456789';
const word = upper + lower + digits;

/** A private key in its frame, its lines ended as in a file or as in a string of JSON. */
const privateKeys = fc
  .tuple(
    fc.constantFrom('PRIVATE KEY', 'RSA PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'PGP PRIVATE KEY BLOCK'),
    fc.constantFrom(
      '',
      'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A1B\n\n',
      'Version: GnuPG v2.2 (GNU/Linux)\n\n',
    ),
    fc.array(chars(`${word}+/`, 64), { minLength: 1, maxLength: 50 }),
    fc.constantFrom('\n', '\r\n', '\\n'),
  )
  .map(([kind, headers, lines, end]) => {
    const key = `-----BEGIN ${kind}-----\n${headers}${lines.join('\n')}==\n-----END ${kind}-----`;
    return { line: lines.at(-1) ?? '', key: key.replaceAll('\n', end) };
  });

/** A secret, and text of the kind that bears it. */
const leaks = fc.oneof(
  chars(word, 20, 60).map((secret) => [secret, `authorization: Bearer ${secret}`]),
  chars(word, 20, 60).map((secret) => [secret, `{"Authorization":"Basic ${secret}"}`]),
  chars(word, 20, 60).map((secret) => [secret, `{\\"Authorization\\":\\"Basic ${secret}\\"}`]),
  chars(word, 10, 60).map((secret) => [secret, `curl -H 'bearer ${secret}'`]),
  chars(upper + digits, 16).map((rest) => [`AKIA${rest}`, `key AKIA${rest}`]),
  chars(upper + digits, 16).map((rest) => [`ASIA${rest}`, `(ASIA${rest})`]),
  chars(word, 40).map((secret) => [secret, `aws_secret_access_key = ${secret}`]),
  chars(word, 40).map((secret) => [secret, `AWS_SESSION_TOKEN=${secret}`]),
  chars(word, 36).map((rest) => [`ghp_${rest}`, `token ghp_${rest}`]),
  chars(word, 36).map((rest) => [`ghs_${rest}`, `ghs_${rest}`]),
  chars(word, 50).map((rest) => [`github_pat_${rest}`, `a github_pat_${rest} b`]),
  fc
    .tuple(
      fc.constantFrom('xoxb-', 'xoxp-', 'xoxa-2-', 'xoxr-', 'xoxs-', 'sk-ant-', 'sk-proj-', 'sk_live_', 'rk_live_'),
      chars(word, 24, 60),
    )
    .map(([prefix, rest]) => [prefix + rest, `{"with":"${prefix}${rest}"}`]),
  chars(word, 36).map((rest) => [`npm_${rest}`, `//registry.npmjs.org/ npm_${rest}`]),
  chars(`${word}-_`, 35).map((rest) => [`AIza${rest}`, `?key=AIza${rest}&x=1`]),
  privateKeys.map(({ line, key }) => [line, `PRIVATE_KEY="${key}"`]),
  privateKeys.map(({ line, key }) => [line, key]),
  chars(word, 8, 40).map((secret) => [secret, `https://x-access-token:${secret}@example.com/a.git`]),
  chars(word, 8, 40).map((secret) => [secret, `https://${secret}@example.com/a.git`]),
  chars(word, 8, 40).map((secret) => [secret, `postgres://app:${secret}@db:5432/x`]),
  chars(`${word}+/`, 400, 1100).map((secret) => [secret, `waits on ${secret}= now`]),
  fc
    .tuple(chars(word, 20, 60), chars(word, 20, 200), chars(word, 43))
    .map(([a, b, c]) => [`eyJ${a}.${b}.${c}`, `it is eyJ${a}.${b}.${c}`]),
);
const around = fc.string({ maxLength: 40 }).map((text) => text.replace(/["'\\]/g, ''));

describe('a secret of a known shape', () => {
  test('is in no text any more, whatever stands around it', () => {
    fc.assert(
      fc.property(leaks, around, around, ([secret = '', text = ''], before, after) => {
        expect(redact(`${before} ${text}\n${after}`)).not.toContain(secret);
      }),
      { numRuns: 2000 },
    );
  });

  test('is out whole if it is a private key, with its end or cut before it', () => {
    fc.assert(
      fc.property(privateKeys, ({ key }) => {
        expect(redact(`a ${key} b`)).toBe('a [redacted] b');
        expect(redact(key.slice(0, key.indexOf('-----END')))).toBe('[redacted]');
      }),
    );
  });

  test('is in no field of a record, at any depth, nor in a field’s name', () => {
    fc.assert(
      fc.property(leaks, fc.string(), ([secret = '', text = ''], other) => {
        const record = { one: [{ two: `${other} ${text}` }, 3], [`x ${text}`]: true };
        expect(JSON.stringify(redacted(record))).not.toContain(secret);
      }),
    );
  });

  test('under the name of a secret may have any shape', () => {
    const secret = 'ab'.repeat(32);
    for (const name of ['token', 'taskToken', 'GASTOWN_TOKEN', 'password', 'Authorization', 'secret', 'apiKey'])
      expect(redacted({ [name]: secret, list: [{ [name]: secret }] })).toEqual({
        [name]: '[redacted]',
        list: [{ [name]: '[redacted]' }],
      });
  });
});

describe('all else', () => {
  test.each([
    'gh-7k2m9q-3@2 landed as 4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    'evidence e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'fetch from ssh://git@github.com/o/r.git and https://github.com/o/r.git',
    'const token = tokenOf(text); const secret = await secretIn(file);',
    'spent 1200 tokens; inputTokens: 1200000000',
    'arn:aws:sts::123456789012:assumed-role/gastown-TaskRole/0123456789abcdef0123456789abcdef',
    "if (text.startsWith('-----BEGIN RSA PRIVATE KEY-----')) return text.split('-----END RSA PRIVATE KEY-----')[0];",
    'ssh-keygen wrote -----BEGIN PRIVATE KEY----- … -----END PRIVATE KEY-----',
    '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n-----END PUBLIC KEY-----',
    'npm_config_user_agent npm_package_devDependencies_typescript npm_lifecycle_event',
    'the task-projection of sk-project, disk_live_migration_of_volumes and risk-anticipation-of-things',
    'AIzawa et al., xoxo-xoxo',
    '/home/ann/work/gas-town/node_modules/@aws-sdk/client-secrets-manager/dist-cjs/index.js:12:34',
  ])('stays as it is: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('keeps its shape and its numbers', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shape = (one: unknown): unknown =>
          typeof one === 'string'
            ? 'text'
            : Array.isArray(one)
              ? one.map(shape)
              : typeof one === 'object' && one !== null
                ? Object.values(one).map(shape)
                : one;
        expect(shape(redacted(value as Json))).toEqual(shape(value));
      }),
    );
  });
});

test('what was redacted once is redacted', () => {
  fc.assert(
    fc.property(leaks, around, ([, text = ''], before) => {
      const once = redact(`${before} ${text}`);
      expect(redact(once)).toBe(once);
    }),
  );
});

test('text that is made to be slow is not', () => {
  const kinds = ['eyJ-', 'http://', 'token=', 'a:', 'authorization:', 'bearer ', 'AKIA', 'A', ' ', '://:'].concat([
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----A\n'.padEnd(80, '-A'),
    'xoxb-',
    'AIza',
    'npm_',
  ]);
  for (const kind of kinds) {
    const text = kind.repeat(Math.ceil((64 * 1024) / kind.length));
    expect(redact(text).length).toBeLessThanOrEqual(text.length * 4);
  }
});
