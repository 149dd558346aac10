/** A rig's configuration: what was set, over the defaults; and how one setting is read from words or from JSON. */
import { z } from 'zod';
import { TownError } from '../errors.ts';
import { clip, didYouMean, suggester } from '../nearest.ts';
import { promptRuntime } from '../polecats/runtime.ts';
import type { Json } from '../ports.ts';
import { type Gate, gateNamePattern, gatePrefix, type Rig, type RigConfig, type RigKey, rigKeys } from './rig.ts';

export interface Setting {
  readonly key: string;
  /** `undefined`: the setting is taken away, and the default holds again. */
  readonly value: z.core.util.JSONType | undefined;
}

/** The word that takes a setting away; JSON says `null`. */
const unsetWord = 'unset';

const names = Object.keys(rigKeys) as RigKey[];
const isRigKey = (key: string): key is RigKey => Object.hasOwn(rigKeys, key);
const gateCommand = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[^\n\r\0]*$/, 'one line');

/** Settings were checked when they were set: here they are only laid over the defaults. */
export function configOf(rig: Pick<Rig, 'settings'>): RigConfig {
  const values = names.map((name) => [name, rig.settings[name] ?? rigKeys[name].default]);
  return { ...Object.fromEntries(values), gates: gatesOf(rig.settings) } as RigConfig;
}

function gatesOf(settings: Rig['settings']): Gate[] {
  return Object.entries(settings)
    .filter(([key]) => key.startsWith(gatePrefix))
    .map(([key, command]) => ({ name: key.slice(gatePrefix.length), command: String(command) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The branch that the rig's changes land on. */
export const targetOf = (rig: Pick<Rig, 'settings' | 'defaultBranch'>): string =>
  configOf(rig)['refinery.target'] || rig.defaultBranch;

/** Its agent works from a prompt. One that runs the bead's own script is of no use to a bead that has none. */
export const worksFromPrompt = (config: Pick<RigConfig, 'agent.runtime' | 'agent.command'>): boolean =>
  promptRuntime(config) !== undefined;

/**
 * One setting, from a word on a command line (`true`, `8`, `a,b`, `unset`) or a JSON value.
 * Throws CONFIG_KEY_UNKNOWN, with the nearest key there is, or CONFIG_VALUE_INVALID, with what is allowed.
 */
export function parseSetting(key: string, words: Json): Setting {
  const schema = schemaOf(key);
  if (words === unsetWord || words === null) return { key, value: undefined };
  const shape = shapeOf(schema);
  const parsed = schema.safeParse(typeof words === 'string' ? fromWords(words, shape) : words);
  if (parsed.success) return { key, value: parsed.data as z.core.util.JSONType };
  throw new TownError(400, {
    code: 'CONFIG_VALUE_INVALID',
    what: `${JSON.stringify(words)} is no value for ${key}.`,
    remedy: `Give it ${allowed(shape)}, or ${unsetWord} for the default.`,
    at: `/${key}`,
  });
}

function schemaOf(key: string): z.ZodType {
  if (isRigKey(key)) return rigKeys[key].schema;
  if (!key.startsWith(gatePrefix)) throw unknownKey(key);
  if (gateNamePattern.test(key.slice(gatePrefix.length))) return gateCommand;
  throw new TownError(400, {
    code: 'CONFIG_KEY_UNKNOWN',
    what: `"${key}" does not name a gate.`,
    remedy: `Use ${gatePrefix}<name>, the name in lower-case letters, digits, - and _, such as ${gatePrefix}test.`,
    at: `/${key}`,
  });
}

/** A gate's name may be anything: of a mistyped gate only the family in front of it is compared. */
function nearestKey(key: string): string | undefined {
  const family = gatePrefix.slice(0, -1);
  const [own, ...gate] = [key.split('.').slice(0, 2).join('.'), ...key.split('.').slice(2)];
  const near = suggester([...names, family])(gate.length > 0 ? own : key);
  return near === family ? `${gatePrefix}${gate.join('.') || '<name>'}` : near;
}

function unknownKey(key: string): TownError {
  const near = didYouMean(nearestKey(key));
  return new TownError(400, {
    code: 'CONFIG_KEY_UNKNOWN',
    what: `No configuration key "${clip(key)}".${near}`,
    remedy: `The keys are ${names.join(', ')}, ${gatePrefix}<name>.`,
    at: `/${key}`,
  });
}

/** What a word on a command line must be, as far as the keys differ. */
interface Shape {
  readonly type: 'boolean' | 'integer' | 'number' | 'array' | 'text';
  readonly description?: string | undefined;
  readonly enum?: readonly unknown[];
  readonly minimum?: number | null;
  readonly maximum?: number | null;
  readonly items?: Shape;
}

const anyText: Shape = { type: 'text' };

/** Read from the schema itself: zod's way to JSON Schema weighs as much as all of `core/rigs`, and every function would carry it. */
function shapeOf(schema: z.core.$ZodType): Shape {
  if (schema instanceof z.ZodBoolean) return { type: 'boolean' };
  if (schema instanceof z.ZodNumber)
    return { type: schema.isInt ? 'integer' : 'number', minimum: schema.minValue, maximum: schema.maxValue };
  if (schema instanceof z.ZodArray) return { type: 'array', items: shapeOf(schema.element) };
  if (schema instanceof z.ZodEnum) return { type: 'text', enum: schema.options };
  return { type: 'text', description: schema instanceof z.ZodType ? schema.description : undefined };
}

/** What the words mean for this shape; words that mean nothing stay words, and the schema refuses them. */
function fromWords(words: string, shape: Shape): unknown {
  const text = words.trim();
  switch (shape.type) {
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : words;
    case 'integer':
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : words;
    case 'array':
      return listOf(text).map((part) => fromWords(part, shape.items ?? anyText));
    default:
      return words;
  }
}

/** `1,2`, and `[1,2]` or `["a","b"]` as JSON writes it. */
function listOf(text: string): string[] {
  const inner = /^\[(.*)\]$/.exec(text)?.[1];
  const parts = (inner ?? text).split(',').map((part) => part.trim());
  if (parts.join('') === '') return [];
  return inner === undefined ? parts : parts.map((part) => part.replace(/^"(.*)"$/, '$1'));
}

function allowed(shape: Shape): string {
  if (shape.enum) return `one of ${shape.enum.join(', ')}`;
  const range = `from ${shape.minimum} to ${shape.maximum}`;
  switch (shape.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number ${range}`;
    case 'number':
      return `a number ${range}`;
    case 'array':
      return `a comma separated list, each ${allowed(shape.items ?? anyText)}`;
    default:
      return shape.description ?? 'one line of text';
  }
}

/** How a key reads in a listing: its value, its default, and what it is about. */
export interface KeyView {
  readonly key: string;
  readonly value: z.core.util.JSONType;
  readonly set: boolean;
  readonly about: string;
}

export function keyViews(rig: Pick<Rig, 'settings'>): KeyView[] {
  const config = configOf(rig);
  const plain = names.map((key) => ({
    key,
    value: config[key] as z.core.util.JSONType,
    set: rig.settings[key] !== undefined,
    about: rigKeys[key].about,
  }));
  const gates = config.gates.map(({ name, command }) => ({
    key: gatePrefix + name,
    value: command,
    set: true,
    about: 'a gate: this command must end with 0 on the candidate',
  }));
  return [...plain, ...gates];
}
