/** Reads one table of a formula, key by key: a wrong type, a missing or an unknown key is a fault with its line. */
import type { Fault } from '../errors.ts';
import { clip, didYouMean, suggester } from '../nearest.ts';

/** Gathers the faults of one text. */
export interface Faults {
  readonly all: Fault[];
  readonly lineOf: (path: string) => number;
}

export const report = (faults: Faults, path: string, code: string, what: string, remedy: string): void => {
  faults.all.push({ code, what, remedy, at: `line ${faults.lineOf(path)}` });
};

type Fields = Readonly<Record<string, unknown>>;

interface TextRule {
  readonly max: number;
  readonly pattern?: RegExp;
  /** In words, what the pattern takes. */
  readonly expected?: string;
}

export const isTable = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

export class Table {
  readonly path: string;
  readonly #fields: Fields;
  readonly #faults: Faults;
  readonly #what: string;
  readonly #known: string[] = [];

  /** `what`: how the table is called in a fault (`step "build"`). */
  constructor(fields: Fields, path: string, what: string, faults: Faults) {
    this.#fields = fields;
    this.path = path;
    this.#what = what;
    this.#faults = faults;
  }

  at(key: string): string {
    return this.path === '' ? key : `${this.path}/${key}`;
  }

  has(key: string): boolean {
    return this.#fields[key] !== undefined;
  }

  fault(key: string, code: string, what: string, remedy: string): void {
    report(this.#faults, key === '' ? this.path : this.at(key), code, `${this.#what} ${what}`, remedy);
  }

  /** The value as it is. Every key that is asked for is a known one. */
  raw(key: string): unknown {
    this.#known.push(key);
    return this.#fields[key];
  }

  text(key: string, rule: TextRule): string | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return this.#wrong(key, value, 'a text');
    if (value.length > rule.max) return this.#invalid(key, `has ${value.length} characters`, `at most ${rule.max}`);
    if (rule.pattern && !rule.pattern.test(value))
      return this.#invalid(key, `is ${JSON.stringify(clip(value))}`, rule.expected ?? 'another text');
    return value;
  }

  needText(key: string, rule: TextRule): string {
    if (!this.has(key)) {
      this.raw(key);
      this.fault('', 'FORMULA_KEY_MISSING', `has no ${key}.`, `Give it one: ${key} = "…".`);
    }
    return this.text(key, rule) ?? '';
  }

  texts(key: string, rule: TextRule & { readonly items: number }): readonly string[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.#wrong(key, value, 'a list of texts') ?? [];
    if (value.length > rule.items)
      return this.#invalid(key, `has ${value.length} items`, `at most ${rule.items}`) ?? [];
    const texts = value.filter((item): item is string => typeof item === 'string');
    if (texts.length < value.length)
      this.#wrong(
        key,
        value.find((item) => typeof item !== 'string'),
        'a list of texts',
      );
    for (const text of texts) {
      if (text === '' || text.length > rule.max || (rule.pattern && !rule.pattern.test(text)))
        this.#invalid(key, `holds ${JSON.stringify(clip(text))}`, rule.expected ?? `1 to ${rule.max} characters`);
    }
    return texts;
  }

  whole(key: string, min: number, max: number): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value)) return this.#wrong(key, value, 'a whole number');
    if (value < min || value > max) return this.#invalid(key, `is ${value}`, `${min} to ${max}`);
    return value;
  }

  flag(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#wrong(key, value, 'true or false');
  }

  one<const T extends string>(key: string, known: readonly T[]): T | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const found = known.find((one) => one === value);
    if (found !== undefined) return found;
    if (typeof value !== 'string') return this.#wrong(key, value, `one of ${known.join(', ')}`);
    const near = didYouMean(suggester(known)(value));
    return this.#invalid(key, `is ${JSON.stringify(clip(value))}`, `one of ${known.join(', ')}${near && `.${near}`}`);
  }

  table(key: string, what: string): Table | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (isTable(value)) return new Table(value, this.at(key), what, this.#faults);
    return this.#wrong(key, value, 'a table');
  }

  /** Each table of an array of tables, with its place in it. */
  tables(key: string, what: (fields: Fields, i: number) => string): readonly Table[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    if (!Array.isArray(value) || !value.every(isTable))
      return this.#wrong(key, value, `an array of tables, [[${key}]]`) ?? [];
    return value.map((fields, i) => new Table(fields, `${this.at(key)}/${i}`, what(fields, i), this.#faults));
  }

  keys(): readonly string[] {
    return Object.keys(this.#fields);
  }

  /** Call it last: what nobody asked for is unknown. */
  close(): void {
    const nearest = suggester(this.#known);
    for (const key of this.keys()) {
      if (this.#known.includes(key)) continue;
      const what = `has the unknown key "${clip(key)}".${didYouMean(nearest(key))}`;
      this.fault(key, 'FORMULA_KEY_UNKNOWN', what, `It takes ${this.#known.join(', ')}.`);
    }
  }

  #wrong(key: string, value: unknown, expected: string): undefined {
    this.fault(key, 'FORMULA_TYPE_WRONG', `has ${key} = ${kindOf(value)}.`, `Give ${expected}.`);
    return undefined;
  }

  #invalid(key: string, is: string, expected: string): undefined {
    this.fault(key, 'FORMULA_VALUE_INVALID', `cannot be read: ${key} ${is}.`, `Give ${expected}.`);
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value instanceof Date ? 'a date' : 'a table';
}
