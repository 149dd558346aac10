/**
 * Reads one object of a definition field by field. Whatever is not asked for, or is not of the shape asked for, becomes
 * a fault that names its place: nothing in a definition is ignored.
 */
import type { Fault } from '../../core/errors.ts';
import type { Json } from '../../core/ports.ts';
import { isObject } from './template.ts';

type Raw = { readonly [name: string]: Json };

export class Fields {
  readonly #asked = new Set<string>(['Comment']);

  constructor(
    readonly raw: Raw,
    /** `state "Next"`, or `state "Next", Retry/0`. */
    readonly place: string,
    readonly faults: Fault[],
  ) {
    this.string('Comment');
  }

  at(field: string): string {
    return `${this.place}, field "${field}"`;
  }

  fault(field: string, what: string, remedy = 'Mend the definition.'): void {
    const at = this.at(field);
    this.faults.push({ code: 'DEFINITION_REFUSED', what: `${at}: ${what}.`, remedy, at });
  }

  has(field: string): boolean {
    return this.raw[field] !== undefined;
  }

  take(field: string): Json | undefined {
    this.#asked.add(field);
    return this.raw[field];
  }

  required(field: string): Json | undefined {
    const value = this.take(field);
    if (value === undefined) this.fault(field, 'is missing');
    return value;
  }

  string(field: string): string | undefined {
    const value = this.take(field);
    if (value === undefined || typeof value === 'string') return value;
    this.fault(field, 'must be a string');
    return undefined;
  }

  oneOf<const Name extends string>(field: string, names: readonly Name[]): Name | undefined {
    const value = this.string(field);
    const known = names.find((name) => name === value);
    if (value !== undefined && !known) this.fault(field, `"${value}" is not known here; one of: ${names.join(', ')}`);
    return known;
  }

  number(field: string, bounds: { min: number; max: number; whole: boolean }): number | undefined {
    const value = this.take(field);
    if (value === undefined) return undefined;
    if (isWithin(value, bounds)) return value;
    const { min, max, whole } = bounds;
    this.fault(field, `must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not ${JSON.stringify(value)}`);
    return undefined;
  }

  /** An object's own reader, if the field is an object. */
  object(field: string, place = `${this.place}, ${field}`): Fields | undefined {
    const value = this.take(field);
    if (value === undefined) return undefined;
    if (isObject(value)) return new Fields(value, place, this.faults);
    this.fault(field, 'must be an object');
    return undefined;
  }

  /** A reader for each object of a list. */
  objects(field: string): Fields[] {
    const value = this.take(field);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.length > 0) {
      return value.flatMap((item: Json, i: number) => {
        if (isObject(item)) return [new Fields(item, `${this.place}, ${field}/${i}`, this.faults)];
        this.fault(`${field}/${i}`, 'must be an object');
        return [];
      });
    }
    this.fault(field, 'must be a list with at least one object');
    return [];
  }

  strings(field: string): string[] {
    const value = this.take(field);
    if (Array.isArray(value) && value.length > 0 && value.every((item): item is string => typeof item === 'string'))
      return value;
    this.fault(field, 'must be a list with at least one string');
    return [];
  }

  /** Call last: everything that was not asked for is a fault. */
  finish(): void {
    for (const field of Object.keys(this.raw)) {
      if (!this.#asked.has(field))
        this.fault(
          field,
          'is not a field that this interpreter knows here',
          'Remove it, or teach local/states what it means.',
        );
    }
  }
}

export function isWithin(value: Json, bounds: { min: number; max: number; whole: boolean }): value is number {
  const { min, max, whole } = bounds;
  return typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
}
