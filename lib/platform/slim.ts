/**
 * What a bundler cannot see to be unused, said in its own terms: a function that loads half as much starts sooner. Each
 * of these changes how a module is imported, never what it does; where a pattern no longer matches, nothing changes.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';
import { projectRoot } from './project-root.ts';

/** `import { a, z } from 'zod'` (or from hono's wrapper of it) → `import { a } …; import * as z from 'zod'`. */
const namedZ = /import \{([^}]*?)(,\s*)?\bz\b(,\s*)?([^}]*?)\} from ['"](zod|@hono\/zod-openapi)['"]/;

const zAsNamespace = (source: string): string =>
  source
    .replace(namedZ, (_, before: string, __, comma: string | undefined, after: string, from: string) => {
      const others = [before, after]
        .map((part) => part.trim())
        .filter(Boolean)
        .join(comma ?? ', ');
      return `${others ? `import { ${others} } from '${from}'; ` : ''}import * as z from 'zod'`;
    })
    // Adds a method to the one class that every schema descends from, and uses nothing else of what it is given.
    .replace('extendZodWithOpenApi(z);', 'extendZodWithOpenApi({ ZodType: z.ZodType });');

/** Through the object `z` a bundler keeps all of zod, its fifty languages included; through a namespace what is used. */
export const shakableZod: Plugin = {
  name: 'shakable-zod',
  setup({ onLoad }) {
    const own = ['core', 'lambdas', 'aws', 'git', 'local', 'bin'].map(
      (tree) => path.join(projectRoot, tree) + path.sep,
    );
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      if (!own.some((tree) => file.startsWith(tree))) return undefined;
      return { contents: zAsNamespace(await readFile(file, 'utf8')), loader: 'ts' };
    });
    onLoad({ filter: /@hono[\\/]zod-openapi[\\/]dist[\\/]index\.mjs$/ }, async ({ path: file }) => ({
      contents: zAsNamespace(await readFile(file, 'utf8')),
    }));
  },
};

/** The SDK's schemas have computed keys, `[_h]: 1` after `const _h = "http"`: with the key spelled out, unused ones go. */
export const shakableSchemas: Plugin = {
  name: 'shakable-schemas',
  setup({ onLoad }) {
    onLoad(
      { filter: /@aws-sdk[\\/]client-[a-z0-9-]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ },
      async ({ path: file }) => {
        const source = await readFile(file, 'utf8');
        const texts = new Map([...source.matchAll(/^const (_\w+) = (".*");$/gm)].map(([, name, text]) => [name, text]));
        return { contents: source.replace(/\[(_\w+)\]:/g, (key, name: string) => `${texts.get(name) ?? key}:`) };
      },
    );
  },
};

/**
 * Each of the SDK's errors says its name and fault twice, as fields and in its constructor, which then undoes what
 * its parent's does to the prototype: with a parent that leaves that alone, the fields are enough. Its id in the model is set
 * where it is registered, if it has none.
 */
const saidTwice =
  /super\(\{\n {12}name: "(\w+)",\n {12}\$fault: "\w+",\n {12}\.\.\.opts,\n {8}\}\);\n {8}Object\.setPrototypeOf\(this, \1\.prototype\);/g;
const emptyConstructor = /\n {4}constructor\(opts\) \{\n {8}super\(opts\);\n {4}\}/g;
const shapeId = /\n {4}static shapeId = "[^"]+";/g;
const parentPrototype = /Object\.setPrototypeOf\(this, \w+ServiceException\.prototype\);/;

export const plainErrors: Plugin = {
  name: 'plain-errors',
  setup({ onLoad }) {
    const filter = /@aws-sdk[\\/]client-[a-z0-9-]+[\\/]dist-es[\\/]models[\\/](errors|\w+ServiceException)\.js$/;
    onLoad({ filter }, async ({ path: file }) => ({
      contents: (await readFile(file, 'utf8'))
        .replace(saidTwice, 'super(opts);')
        .replace(emptyConstructor, '')
        .replace(shapeId, '')
        .replace(parentPrototype, ''),
    }));
  },
};

/** Each client carries its own package.json for the version in its user agent. */
export const versionOnly: Plugin = {
  name: 'version-only',
  setup({ onLoad }) {
    onLoad({ filter: /@aws-sdk[\\/][a-z0-9-]+[\\/]package\.json$/ }, async ({ path: file }) => {
      const { name, version } = JSON.parse(await readFile(file, 'utf8'));
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};

/** Lambda gives credentials by environment: the other links of the SDK's chain (SSO, profiles, metadata) are dead weight. */
export const lambdaCredentials: Plugin = {
  name: 'lambda-credentials',
  setup({ onResolve, onLoad }) {
    const resolveDir = path.join(projectRoot, 'node_modules/@aws-sdk/credential-provider-node');
    const contents = "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';";
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: 'env', namespace: 'credentials' }));
    onLoad({ filter: /./, namespace: 'credentials' }, () => ({ contents, resolveDir }));
  },
};

/** No function asks zod for JSON Schema (hono's wrapper writes the API's document), yet every schema would carry the way to it. */
export const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]classic[\\/]schemas\.js$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, 'utf8')).replace(/^ *inst\._zod\.processJSONSchema = .*;$/gm, '').replace(
        /^import \{ createStandardJSONSchemaMethod, createToJSONSchemaMethod \} from .*;$/m,
        `const createStandardJSONSchemaMethod = () => undefined;
           const createToJSONSchemaMethod = () => { throw new Error('BUG: JSON Schema is left out of the bundle') };`,
      ),
    }));
  },
};

/**
 * Parts of the SDK that no function here enters: hashes for a Node without `crypto`, streams of events (the model answers
 * in one piece), DynamoDB's endpoint discovery, which is off, sessions of S3 Express, and the region of an EC2 instance.
 */
const never: readonly (readonly [file: RegExp, exports: string])[] = [
  [/@smithy[\\/]core[\\/].*[\\/]Sha256Js\.js$/, 'export class Sha256Js {}'],
  [/@smithy[\\/]core[\\/].*[\\/]Md5Js\.js$/, 'export class Md5Js {}'],
  [/@aws-sdk[\\/]checksums[\\/].*[\\/]Sha1Js\.js$/, 'export class Sha1Js {}'],
  [/@aws-sdk[\\/]endpoint-cache[\\/].*[\\/]EndpointCache\.js$/, 'export class EndpointCache {}'],
  [/[\\/]getInstanceMetadataRegion\.js$/, 'export const getInstanceMetadataRegion = async () => undefined;'],
  [/[\\/]S3ExpressIdentityProviderImpl\.js$/, 'export class S3ExpressIdentityProviderImpl {}'],
  [
    /@smithy[\\/]core[\\/].*[\\/]event-streams[\\/]index\.js$/,
    `export class EventStreamSerde { constructor() { throw new Error('BUG: streams of events are left out of the bundle') } }
     export class EventStreamCodec {}
     export const readableStreamToIterable = (stream) => stream;
     export const iterableToReadableStream = (iterable) => iterable;
     export const eventStreamSerdeProvider = () => undefined;
     export const resolveEventStreamSerdeConfig = (config) => config;`,
  ],
];

export const neverEntered: Plugin = {
  name: 'never-entered',
  setup({ onLoad }) {
    for (const [filter, contents] of never) onLoad({ filter }, () => ({ contents }));
  },
};
